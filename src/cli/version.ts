// Which swarm-drill this is.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './runner/drill-files.ts';

export const version = (): string =>
  (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }).version;

/** E.g. `swarm-drill 0.1.0`. */
export const toolVersion = (): string => `swarm-drill ${version()}`;
