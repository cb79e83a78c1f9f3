// Reads who is informed: from a file named with --notify, else from the part `notify` of evidence.yml.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { usage } from '../support/errors.ts';
import { parseYaml } from '../support/yaml.ts';
import { NotifyFile } from './config.ts';
import type { Recipients } from './notify.ts';

const HINT = 'Correct the file; docs/notify.schema.json describes it. Nothing was started.';

/**
 * @param named with --notify
 * @param fallback evidence.yml: it need not exist
 * @throws DrillError `usage` with file and line of a mistake; the message shows no value, which may be a secret
 */
export async function loadRecipients(named: string | undefined, fallback: string): Promise<Recipients> {
  const name = named ?? fallback;
  const path = resolve(name);
  if (named === undefined && !existsSync(path)) return { targets: [], directory: dirname(path) };
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    throw usage(`${name}: can't be read (${code})`, 'Name another file with --notify.');
  });
  const { notify } = parseYaml(NotifyFile, text, { name, hint: HINT, hideValues: true });
  if (named !== undefined && !notify?.length)
    throw usage(`${name}: expected a list \`notify\` with at least one target`, HINT);
  return { targets: notify ?? [], directory: dirname(path) };
}
