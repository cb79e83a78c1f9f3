// Facts about this installation of swarm-drill: where it is, and its version.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The project's root directory: it holds package.json, drills/ and vitest.config.ts. */
export const ROOT = join(import.meta.dirname, '../..');

export const readVersion = (): string =>
  (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }).version;

/** Returns e.g. `swarm-drill 0.1.0`. */
export const toolVersion = (): string => `swarm-drill ${readVersion()}`;
