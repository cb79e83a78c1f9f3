// The vault's git account as a remote: its address, and the environment in which git reaches it through a manager.
import { join } from 'node:path';
import { uploadFiles } from '../../../lab/engine/files.ts';
import type { Account } from '../../../model/account.ts';
import { quoteForShell } from '../../../support/shell.ts';
import type { Swarm } from '../../../swarm/swarm.ts';
import type { GitEnvironment } from './git.ts';

export interface VaultRemote extends AsyncDisposable {
  readonly address: string;
  readonly environment: GitEnvironment;
}

/** Starts a container with the account's key on a manager, and removes it when disposed. */
export async function openVaultRemote(account: Account, swarm: Swarm): Promise<VaultRemote> {
  const manager = await swarm.manager();
  const { containers } = manager.engine;
  const id = await containers.create({
    Image: swarm.imageOf('tools'),
    Entrypoint: ['sleep', 'infinity'],
    HostConfig: { NetworkMode: 'host', Init: true },
  });
  const remove = (): Promise<void> => containers.remove(id);
  try {
    await uploadFiles(manager.engine, id, account.files, 0o600);
    await containers.start(id);
  } catch (error) {
    await remove();
    throw error;
  }
  const ssh = join(import.meta.dirname, 'ssh.ts');
  const argv = [process.execPath, ssh, swarm.site.lab.host, manager.id, id];
  return {
    address: `ssh://vault${account.path}`,
    environment: {
      GIT_SSH_COMMAND: argv.map(quoteForShell).join(' '),
      GIT_SSH_VARIANT: 'simple',
    },
    [Symbol.asyncDispose]: remove,
  };
}
