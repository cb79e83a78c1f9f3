// What a server holds, counted in one moment: keys and keys that expire by database, and libraries of functions.
import { z } from 'zod';
import { parseInfo, type KeyValueClient, type KeyValueCommand } from './client.ts';

const count = z.int().nonnegative();

export const keyValueContents = z.object({
  /** By the database's number. */
  databases: z.record(
    z.string().regex(/^\d+$/),
    z.object({
      keys: count,
      /** Of these, keys that expire. */
      expires: count,
      /** Of the others, hashes with fields that expire: they vanish with their last field. */
      volatile: count,
    }),
  ),
  /** Names of the libraries of functions. */
  libraries: z.array(z.string()),
});
export type KeyValueContents = z.infer<typeof keyValueContents>;

/** Counts in the same transaction as `commands`. @returns the counts, and the replies to `commands` */
export async function countContents(
  client: KeyValueClient,
  ...commands: readonly KeyValueCommand[]
): Promise<{ readonly contents: KeyValueContents; readonly replies: readonly unknown[] }> {
  const [all = []] = await client.transactions([...COUNT, ...commands]);
  return parseCount(all);
}

/** Commands that count the contents; `parseCount` takes their replies. */
export const COUNT: readonly KeyValueCommand[] = [
  ['INFO', 'keyspace'],
  ['FUNCTION', 'LIST'],
];

/** Returns the counts, and the replies to what was sent in addition. */
export const parseCount = ([keyspace, libraries, ...replies]: readonly unknown[]) => ({
  contents: {
    databases: parseKeyspace(String(keyspace)),
    libraries: (libraries as readonly unknown[]).map(libraryName).toSorted(),
  },
  replies,
});

export const countKeys = ({ databases }: KeyValueContents): number =>
  Object.values(databases).reduce((sum, { keys }) => sum + keys, 0);

export const holdsNothing = (contents: KeyValueContents): boolean =>
  countKeys(contents) === 0 && contents.libraries.length === 0;

/** Parses lines like `db0:keys=3,expires=1,avg_ttl=0`. */
function parseKeyspace(text: string): KeyValueContents['databases'] {
  const databases = Object.entries(parseInfo(text)).filter(([name]) => /^db\d+$/.test(name));
  return Object.fromEntries(
    databases.map(([name, fields]) => {
      const field = (...names: string[]): number =>
        Number(new RegExp(`(?:^|,)(?:${names.join('|')})=(\\d+)`).exec(fields)?.[1] ?? 0);
      // Redis and Valkey name the last one differently.
      const volatile = field('subexpiry', 'keys_with_volatile_items');
      return [name.slice(2), { keys: field('keys'), expires: field('expires'), volatile }];
    }),
  );
}

/** A library is a list of names and values in turn. */
function libraryName(library: unknown): string {
  const fields = library as readonly unknown[];
  return String(fields[fields.indexOf('library_name') + 1]);
}

/**
 * Returns how a server that loaded a backup differs from what the backup recorded, one sentence each.
 * @param expired how many keys the loading server dropped because their time was over
 * @param changes how many changes there may have been between the count and the moment of the backup; each changes a count by one
 */
export function compareKeyspace(
  recorded: KeyValueContents,
  loaded: KeyValueContents,
  { expired, changes }: { readonly expired: number; readonly changes: number },
): string[] {
  const none = { keys: 0, expires: 0, volatile: 0 };
  const numbers = new Set([...Object.keys(recorded.databases), ...Object.keys(loaded.databases)]);
  const differences: string[] = [];
  let vanished = 0;
  let mayVanish = 0;
  for (const number of numbers) {
    const { keys, expires, volatile } = recorded.databases[number] ?? none;
    const now = loaded.databases[number] ?? none;
    const kept = now.keys - now.expires;
    if (kept > keys - expires + changes || kept < keys - expires - volatile - changes)
      differences.push(`database ${number}: expected ${keys - expires} keys that never expire, got ${kept}`);
    if (now.expires > expires + changes)
      differences.push(
        `database ${number}: expected at most ${expires} keys that expire, got ${now.expires}`,
      );
    vanished += Math.max(0, expires - now.expires);
    mayVanish += volatile;
  }
  if (vanished > expired + mayVanish + changes)
    differences.push(`${vanished} keys that expire are missing, and the time of only ${expired} was over`);
  if (changes > 0) return differences;
  for (const library of recorded.libraries)
    if (!loaded.libraries.includes(library)) differences.push(`functions: the library ${library} is missing`);
  for (const library of loaded.libraries)
    if (!recorded.libraries.includes(library)) differences.push(`functions: the library ${library} is extra`);
  return differences;
}
