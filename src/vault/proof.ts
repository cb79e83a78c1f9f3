// What a vault must prove: that it shares nothing with the swarm and outlives it, and that whoever carries its disk away can read
// nothing. Both are tried, not asserted.
import { generateIdentity } from 'age-encryption';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '../lab/engine/connect.ts';
import { outputOf } from '../lab/engine/process.ts';
import type { Aspect } from '../model/aspect.ts';
import { DrillError } from '../support/errors.ts';
import type { Swarm } from '../swarm/swarm.ts';
import { containerParts, type ContainerParts } from './host/host.ts';
import type { Vault } from './vault.ts';

export interface Proof {
  readonly compared: number;
  /** One sentence for each thing that is not as it should be. */
  readonly differences: readonly string[];
  readonly detail: string;
  readonly aspects?: readonly {
    readonly aspect: Aspect;
    readonly compared: number;
    readonly mismatched: number;
  }[];
}

/** What the swarm is made of while it is there, and the vault beside it. */
export interface Apart {
  readonly swarm: readonly (ContainerParts & { readonly name: string })[];
  readonly vault: readonly ContainerParts[];
}

export async function notePartsOf(vault: Vault, swarm: Swarm): Promise<Apart> {
  const docker = connect(swarm.site.lab.host);
  const [nodes, own] = await Promise.all([
    Promise.all(swarm.nodes.map(async ({ name, id }) => ({ name, ...(await containerParts(docker, id)) }))),
    vault.parts(),
  ]);
  return { swarm: nodes, vault: own };
}

/** Compares every container, volume and network of the swarm that was with the vault's, and the vault of then with that of now. */
export async function standsApart(vault: Vault, { swarm, vault: then }: Apart): Promise<Proof> {
  const [now, gateway] = await Promise.all([vault.parts(), vault.host.gatewayParts()]);
  const own = (kind: 'volumes' | 'networks') => new Set(then.flatMap((parts) => parts[kind]));
  const [ownVolumes, ownNetworks] = [own('volumes'), own('networks')];
  const differences = swarm.flatMap(({ name, container, volumes, networks }) => [
    ...(then.some((host) => host.container === container) ? [`the vault is the container of ${name}`] : []),
    ...volumes
      .filter((one) => ownVolumes.has(one))
      .map((one) => `${name} and the vault share the volume ${one}`),
    ...networks
      .filter((one) => ownNetworks.has(one))
      .map((one) => `${name} and the vault share the network ${one}`),
  ]);
  const same = ({ container, startedAt }: ContainerParts, host?: ContainerParts): boolean =>
    container === host?.container && startedAt === host.startedAt;
  if (!then.every((host, index) => same(host, now[index])))
    differences.push('the vault is not the one from before the disaster: it was made or started again');
  // It is on both networks, which is what it is for; what it carries must not stay with it.
  differences.push(...gateway.volumes.map((one) => `the gateway between the two has the volume ${one}`));
  const compared = swarm.reduce(
    (sum, { volumes, networks }) => sum + 1 + volumes.length + networks.length,
    2,
  );
  return {
    compared,
    differences,
    detail: `${compared} containers, volumes and networks compared, none of the swarm's is the vault's; the vault runs since ${then[0]?.startedAt}; between the two stands the gateway, with ${gateway.volumes.length} volumes`,
  };
}

/**
 * Carries the vault's disk away: looks in all of its bytes, unpacked too, for text that was seeded in plain, and tries a wrong key.
 * @param canaries random strings that were written into the swarm before the backup
 */
export async function tellsNothing(vault: Vault, canaries: readonly string[]): Promise<Proof> {
  const program = readFileSync(join(import.meta.dirname, 'search.py'), 'utf8');
  const { files, bytes, hits } = JSON.parse(
    await vault.host.exec(['python3', '-c', program], canaries.join('\n')),
  ) as { files: number; bytes: number; hits: { file: string; number: number }[] };
  const open = new Set<string>(vault.unencryptedAccounts);
  const differences = hits
    .filter(({ file }) => !open.has(file.split('/')[0] ?? ''))
    .map(({ file, number }) => `"${canaries[number]}" stands readable in ${file}`);
  if (!(await wrongKeyIsRefused(vault))) differences.push('a key that was made just now opens an artifact');
  const told =
    hits.length > 0 && differences.length === 0
      ? `; readable where the method says so: ${hits.length} files`
      : '';
  return {
    compared: files,
    differences,
    aspects: [{ aspect: 'encrypted in the vault', compared: files, mismatched: hits.length }],
    detail: `${files} files of ${bytes} bytes searched for ${canaries.length} seeded strings, a wrong key tried${told}`,
  };
}

async function wrongKeyIsRefused(vault: Vault): Promise<boolean> {
  const [artifact] = (
    await vault.host.exec(['sh', '-c', 'cd /vault/stream && find . -name catalogue.json -printf "%P\\n"'])
  )
    .trim()
    .split('\n');
  if (!artifact)
    throw new DrillError('the vault holds no artifact to try a wrong key on', { code: 'empty-vault' });
  await vault.host.writeFile('/run/keys/wrong', await generateIdentity());
  const trying = await vault.host.runInGateway([
    'bash',
    '-o',
    'pipefail',
    '-c',
    'ssh -n -F /run/keys/config read get "$0" | age --decrypt --identity /run/keys/wrong',
    artifact,
  ]);
  const { exitCode, stdout, stderr } = await outputOf(trying);
  if (exitCode === 0) return false;
  // Any other failure proves nothing about the key.
  if (stdout === '' && /no identity matched/.test(stderr)) return true;
  throw new DrillError('the wrong key could not be tried', { code: 'key-not-tried', output: stderr });
}
