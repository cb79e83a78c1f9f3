// What the docker CLI of a node can do: its options depend on its version.
import { finding } from '../support/errors.ts';
import type { Node } from './node/node.ts';

/** Returns major and minor version of `Docker version 26.1.5+dfsg1, build a72d7cd`; undefined when the text has none. */
export function parseCliVersion(text: string): readonly [major: number, minor: number] | undefined {
  const { major, minor } = /version (?<major>\d+)\.(?<minor>\d+)\./.exec(text)?.groups ?? {};
  return major === undefined ? undefined : [Number(major), Number(minor)];
}

/** Returns major and minor version of the node's docker CLI; undefined when it does not say. */
export const readCliVersion = async (
  node: Pick<Node, 'exec'>,
): Promise<readonly [major: number, minor: number] | undefined> =>
  parseCliVersion(await node.exec(['docker', '--version']));

/** `docker stack deploy` waits for its services, or will one day (docker/cli#4258), unless this option is there. It is new in 26.0. */
const DETACH_SINCE = 26;

const STACK_CONFIG_SINCE = 23;

/** @throws DrillError `old-cli` if the node's CLI has no `docker stack config` */
export async function requireStackConfig(node: Pick<Node, 'name' | 'exec'>): Promise<void> {
  const { name } = node;
  const version = await readCliVersion(node);
  if (version === undefined || version[0] >= STACK_CONFIG_SINCE) return;
  throw finding(`${name}: docker stack config needs docker CLI 23.0 or later, got ${version.join('.')}`, {
    code: 'old-cli',
    node: name,
    hint: 'Upgrade the CLI on the manager; the engine can stay.',
  });
}

/** Returns the options with which `docker stack deploy` takes images as they are in the nodes, and does not wait for its services. */
export async function stackDeployOptions(node: Pick<Node, 'exec'>): Promise<string[]> {
  const [major] = (await readCliVersion(node)) ?? [DETACH_SINCE];
  return ['--resolve-image', 'never', ...(major >= DETACH_SINCE ? ['--detach=true'] : [])];
}
