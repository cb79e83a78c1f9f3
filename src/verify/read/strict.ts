// Reads files without any tolerance: each value has exactly one spelling, so that no bit of a file can change unnoticed.
import type { z } from 'zod';
import type { Problem } from '../result.ts';

/** A file, or a part of one, that is not what it should be. */
export class Unreadable extends Error {
  readonly what: string;
  readonly expected: string | undefined;
  readonly got: string | undefined;

  constructor(what: string, expected?: string, got?: string) {
    super(what);
    this.what = what;
    this.expected = expected;
    this.got = got;
  }
}

/** A value that was read, or the reason why it could not be. */
export type Read<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem };

/** Returns what `read` returns, or why it is unreadable. @param where names the file in the problem */
export function attempt<T>(where: string, read: () => T): Read<T> {
  try {
    return { ok: true, value: read() };
  } catch (error) {
    return { ok: false, problem: problemOf(where, error) };
  }
}

/** Turns an error of reading or verifying into a problem. @throws the error itself if it is another one, a mistake of this program */
export function problemOf(where: string, error: unknown): Problem {
  if (error instanceof Unreadable) {
    const { what, expected, got } = error;
    return { where, what, ...(expected !== undefined && { expected }), ...(got !== undefined && { got }) };
  }
  if (error instanceof Error && 'code' in error && 'syscall' in error)
    return { where, what: `unreadable: ${error.message}` };
  throw error;
}

/** Parses JSON that is laid out in one way only: compact or indented by two, keys once, no needless escapes. @throws Unreadable */
export function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Unreadable(`not JSON: ${error instanceof Error ? error.message : ''}`);
  }
  const spellings = [JSON.stringify(value), JSON.stringify(value, null, 2)];
  if (!spellings.some((spelling) => text === spelling || text === `${spelling}\n`))
    throw new Unreadable(
      'spelled differently than swarm-drill writes it',
      'JSON as JSON.stringify writes it',
      'other white space, escapes or repeated keys',
    );
  return value;
}

/** @throws Unreadable with the first field that differs */
export function matchSchema<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Unreadable(`${issue?.path.join('.') || 'the whole'}: ${issue?.message ?? 'invalid'}`);
}

/** Decodes base64 that has one spelling. @throws Unreadable for needless characters and for bits that no byte uses */
export function decodeBase64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw new Unreadable('not base64 in its only spelling');
  return bytes;
}

/** Decodes UTF-8. @throws Unreadable for bytes that are not UTF-8 */
export function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Unreadable('not UTF-8');
  }
}
