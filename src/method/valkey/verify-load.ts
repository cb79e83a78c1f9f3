// Proves that a server loads what was restored, and that it is what the backup recorded, before the service may start on it.
import { minutes } from '../../support/clock.ts';
import { finding } from '../../support/errors.ts';
import { step } from '../../support/trace.ts';
import { withSidecarServer, type SidecarServer } from '../container/sidecar.ts';
import type { Volume } from '../container/volume.ts';
import { CLIENT, createClient, execProgram, parseInfo, type KeyValueClient } from './client.ts';
import { compareKeyspace, countContents, countKeys } from './contents.ts';
import type { KeyValueMetadata } from './service.ts';

export interface LoadedKeys {
  /** How many keys the server had that was started on the restored files, in all databases. */
  readonly keys: number;
}

/**
 * Starts a server without a network on the volume, waits until it has loaded the restored files, and compares what it has with what
 * the backup recorded.
 * @param appendonly whether it loads the AOF (`yes`) or the RDB file (`no`)
 * @param whenLoaded what else it has to do before it is stopped
 * @throws DrillError `not-loaded`, `restore-incomplete` with every difference
 */
export async function verifyLoad(
  volume: Volume,
  metadata: KeyValueMetadata,
  appendonly: 'yes' | 'no',
  whenLoaded: (client: KeyValueClient, until: SidecarServer['until']) => Promise<void> = async () => {},
): Promise<LoadedKeys> {
  const server = {
    image: metadata.image,
    user: metadata.owner,
    argv: ['sh', '-c', execProgram('server'), 'sh', ...serverOptions(metadata, appendonly)],
    volumes: { [volume.name]: '/volume' },
    signal: 'SIGTERM',
    limit: minutes(60),
    code: 'not-loaded',
  };
  return step('a server loads it', () =>
    withSidecarServer(volume.node, server, async ({ run, until }) => {
      const client = createClient((input) => run([...CLIENT, '-s', '/tmp/socket'], input));
      await until('the server to load its data', async () => {
        const { loading, loading_loaded_perc: percent } = await client.info('persistence');
        return loading === '0' ? { done: true } : { notYet: `${percent ?? 0} % loaded` };
      });
      const keys = await verifyContents(client, metadata);
      await whenLoaded(client, until);
      return { keys };
    }),
  );
}

/** The service's own settings, as far as its data depends on them. */
const serverOptions = (
  { path, databases, dbfilename, appenddirname, appendfilename }: KeyValueMetadata,
  appendonly: 'yes' | 'no',
): string[] =>
  Object.entries({
    port: '0',
    unixsocket: '/tmp/socket',
    save: '',
    dir: `/volume/${path}`,
    databases: String(databases),
    dbfilename,
    appendonly,
    appenddirname,
    appendfilename,
    // A command that is cut off is a damaged backup: a backup ends between two commands.
    'aof-load-truncated': 'no',
  }).flatMap(([name, value]) => [`--${name}`, value]);

async function verifyContents(
  client: KeyValueClient,
  { contents, changes }: KeyValueMetadata,
): Promise<number> {
  const { contents: loaded, replies } = await countContents(
    client,
    ['INFO', 'stats'],
    ['INFO', 'persistence'],
  );
  const [stats = {}, persistence = {}] = replies.map((text) => parseInfo(String(text)));
  const expired = Number(stats['expired_keys'] ?? 0) + Number(persistence['rdb_last_load_keys_expired'] ?? 0);
  const differences = compareKeyspace(contents, loaded, { expired, changes });
  if (differences.length > 0)
    throw finding(`the restored data differs from the backup: ${differences.join('; ')}`, {
      code: 'restore-incomplete',
    });
  return countKeys(loaded);
}
