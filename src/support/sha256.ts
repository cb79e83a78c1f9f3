// The hash of everything that is compared, named or signed by its content.
import { createHash } from 'node:crypto';

/** Returns the SHA-256 of bytes, or of text in UTF-8, as 64 lower-case hexadecimal digits. */
export const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');
