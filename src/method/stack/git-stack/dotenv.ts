// The file of names and values that compose files leave open. `docker stack` reads none by itself, and every tool that does reads
// it in its own way: only what all of them read alike is taken.
import { finding } from '../../../support/errors.ts';

const LINE = /^(?:export\s+)?([A-Za-z_]\w*)=(?:'([^']*)'|"([^"$`\\]*)"|([^\s'"$`\\#]*))(?:\s+#.*)?$/;

/** @throws DrillError `env-file`, with the number of the line and nothing of its value */
export function parseEnvFile(text: string, file: string): Record<string, string> {
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

/** For a shell that reads it from its standard input: there it is in no list of arguments and in no request to an engine. */
export const toShellExports = (values: Readonly<Record<string, string>>): string =>
  Object.entries(values)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", `'\\''`)}'\n`)
    .join('');

/** Shorter values hide nothing, and are part of too many words. */
const HIDDEN_LENGTH = 4;

/** The text with names in the place of values, also where JSON quotes them: it may go into a report, and an env file may hold passwords. */
export const redactValues = (values: Readonly<Record<string, string>>, text: string): string =>
  Object.entries(values)
    .filter(([, value]) => value.length >= HIDDEN_LENGTH)
    .flatMap(([name, value]) => [[name, value] as const, [name, JSON.stringify(value).slice(1, -1)] as const])
    .sort(([, a], [, b]) => b.length - a.length)
    .reduce((rest, [name, value]) => rest.replaceAll(value, () => `\${${name}}`), text);
