// The corpus of stacks: compose files that use what people use on Swarm. A file, or a directory with `stack.yml`, is an entry.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const CORPUS = join(import.meta.dirname, '..', 'fixtures', 'stacks');

/**
 * An entry's own fields are in `x-drill-<field>: |`, each a block of lines that are indented by two spaces. The CLI looks for variables
 * in them as well, so a dollar is written twice.
 */
const FIELDS = {
  /** Shell, in the directory of the compose files before they are committed: makes files that are too large for a fixture. */
  files: '',
  /** Names of the compose files in their order. Default: `stack.yml`. */
  compose: 'stack.yml',
  /** Shell, on the manager before the stack is deployed: creates what the stack uses and does not define. */
  before: '',
  /** The same on the swarm that the stack is rebuilt on: creates what belongs to nodes. */
  target: '',
  /** Shell, on the manager of the deployed stack: a change by hand. Required. */
  change: undefined,
  /** Regular expression of what the refusal of the next backup says. Required. */
  finds: undefined,
} as const;

export interface CorpusEntry extends Readonly<Record<keyof typeof FIELDS, string>> {
  readonly name: string;
  /** By path relative to the compose files. */
  readonly contents: Readonly<Record<string, string>>;
}

export const corpusEntries = (): CorpusEntry[] =>
  readdirSync(CORPUS)
    .sort()
    .map((file) => readEntry(file));

function readEntry(file: string): CorpusEntry {
  const path = join(CORPUS, file);
  const contents: Record<string, string> = {};
  if (statSync(path).isDirectory()) {
    for (const one of readdirSync(path, { recursive: true, withFileTypes: true })) {
      const full = join(one.parentPath, one.name);
      if (one.isFile()) contents[full.slice(path.length + 1)] = readFileSync(full, 'utf8');
    }
  } else contents['stack.yml'] = readFileSync(path, 'utf8');
  const fields = Object.entries(FIELDS).map(([field, byDefault]) => {
    const value = blockOf(contents['stack.yml'] ?? '', `x-drill-${field}`) ?? byDefault;
    if (value === undefined) throw new Error(`${file}: expected a block x-drill-${field}`);
    return [field, value];
  });
  return { name: file.replace(/\.yml$/, ''), contents, ...Object.fromEntries(fields) } as CorpusEntry;
}

const blockOf = (text: string, field: string): string | undefined =>
  new RegExp(`^${field}: \\|\\n((?:  .*\\n)+)`, 'm')
    .exec(text)?.[1]
    ?.replaceAll(/^ {2}/gm, '')
    .replaceAll('$$', () => '$')
    .trim();
