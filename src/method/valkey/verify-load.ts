// Proves that a server loads what was restored, before the service may start on it.
import { minutes } from '../../support/clock.ts';
import { finding } from '../../support/errors.ts';
import { step } from '../../support/trace.ts';
import { withSidecarServer, type SidecarServer } from '../container/sidecar.ts';
import type { Volume } from '../container/volume.ts';
import { CLIENT, countKeys, createClient, execProgram, type KeyValueClient } from './client.ts';
import type { KeyValueMetadata } from './service.ts';

export interface LoadedKeys {
  /** How many keys the server had that was started on the restored files. */
  readonly keys: number;
}

/**
 * Starts a server without a network on the volume and waits until it has loaded the restored files.
 * @param appendonly whether it loads the AOF (`yes`) or the RDB file (`no`)
 * @param whenLoaded what else it has to do before it is stopped
 * @throws DrillError `not-loaded`
 */
export async function verifyLoad(
  volume: Volume,
  { image, owner, path, persistentKeys, dbfilename, appenddirname, appendfilename }: KeyValueMetadata,
  appendonly: 'yes' | 'no',
  whenLoaded: (client: KeyValueClient, until: SidecarServer['until']) => Promise<void> = async () => {},
): Promise<LoadedKeys> {
  const names = ['--dbfilename', dbfilename, '--appenddirname', appenddirname];
  const server = {
    image,
    user: owner,
    argv: [
      ...[
        'sh',
        '-c',
        execProgram('server'),
        'sh',
        '--port',
        '0',
        '--unixsocket',
        '/tmp/socket',
        '--save',
        '',
      ],
      ...[
        '--dir',
        `/volume/${path}`,
        '--appendonly',
        appendonly,
        ...names,
        '--appendfilename',
        appendfilename,
      ],
    ],
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
      const { keys } = await countKeys(client);
      if (keys === 0 && persistentKeys > 0)
        throw finding(`server: loaded no keys (expected the ${persistentKeys} that never expire)`, {
          code: 'not-loaded',
        });
      await whenLoaded(client, until);
      return { keys };
    }),
  );
}
