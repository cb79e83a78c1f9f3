// The file of names and values that compose files leave open. `docker stack` reads none by itself, and every tool that does reads
// it in its own way: only what all of them read alike is taken.
import { finding } from '../../support/errors.ts';

const LINE = /^(?:export\s+)?([A-Za-z_]\w*)=(?:'([^']*)'|"([^"$`\\]*)"|([^\s'"$`\\#]*))(?:\s+#.*)?$/;

/** @throws DrillError `env-file`, with the number of the line and nothing of its value */
export function parseEnv(text: string, file: string): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const [, name, single, double, plain] = LINE.exec(line) ?? [];
    if (name === undefined)
      throw finding(`line ${index + 1} of ${file} is not a plain NAME=value`, {
        code: 'env-file',
        hint: "put values with spaces, $ or quotes between single quotes: NAME='a value'",
      });
    values[name] = single ?? double ?? plain ?? '';
  }
  return values;
}
