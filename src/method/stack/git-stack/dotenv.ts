// The env file with the values for compose files. `docker stack` reads none by itself, and every tool that does (also Node's parseEnv)
// has another syntax: only what all of them read alike is accepted.
import { finding } from '../../../support/errors.ts';
import { quoteForShell } from '../../../support/shell.ts';

const LINE = /^(?:export\s+)?([A-Za-z_]\w*)=(?:'([^']*)'|"([^"$`\\]*)"|([^\s'"$`\\#]*))(?:\s+#.*)?$/;

/**
 * Returns the values of an env file by name.
 * @param file its path, for the error
 * @throws DrillError `env-file`, with the number of the line and nothing of its value
 */
export function parseEnvFile(text: string, file: string): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const [, name, single, double, plain] = LINE.exec(line) ?? [];
    if (name === undefined)
      throw finding(`${file}: line ${index + 1} is not a plain NAME=value`, {
        code: 'env-file',
        hint: "Put values with spaces, $ or quotes between single quotes: NAME='a value'.",
      });
    values[name] = single ?? double ?? plain ?? '';
  }
  return values;
}

/** Returns export statements for a shell's standard input, where no list of arguments and no request to an engine shows them. */
export const toShellExports = (values: Readonly<Record<string, string>>): string =>
  Object.entries(values)
    .map(([name, value]) => `export ${name}=${quoteForShell(value)}\n`)
    .join('');

/** Shorter values are not redacted: they hide nothing, and occur in many words. */
const MIN_REDACTED_LENGTH = 4;

/** Returns the text with names in place of values, also JSON-quoted ones: env files may hold passwords, and errors go into reports. */
export const redactValues = (values: Readonly<Record<string, string>>, text: string): string =>
  Object.entries(values)
    .filter(([, value]) => value.length >= MIN_REDACTED_LENGTH)
    .flatMap(([name, value]) => [[name, value] as const, [name, JSON.stringify(value).slice(1, -1)] as const])
    .sort(([, a], [, b]) => b.length - a.length)
    .reduce((rest, [name, value]) => rest.replaceAll(value, () => `\${${name}}`), text);
