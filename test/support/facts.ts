// For tests of facts about Swarm: a manager of one engine version, used as an operator uses it, through the docker CLI.
import { inject } from 'vitest';
import type { EngineVersion } from '../../src/lab/image/engine-versions.ts';
import { seconds } from '../../src/support/clock.ts';
import { waitUntil } from '../../src/support/poll.ts';
import { Scope } from '../../src/support/scope.ts';
import type { Node } from '../../src/swarm/node/node.ts';
import { Site } from '../../src/swarm/site.ts';

export interface FactSite extends AsyncDisposable {
  readonly site: Site;
  /** Starts a node that is in no swarm. */
  node(number?: number): Promise<Node>;
}

export async function openFactSite(fact: string, engineVersion: EngineVersion): Promise<FactSite> {
  const scope = new Scope();
  const drill = `${fact}-${engineVersion.replaceAll('.', '-')}`;
  const site = await Site.open({
    lab: inject('lab'),
    run: `facts-${process.pid}`,
    drill,
    scope,
    engineVersion,
  });
  return {
    site,
    node: (number = 1) => site.startNode({ name: `manager-${number}`, role: 'manager' }),
    [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
  };
}

/** Runs the docker CLI on the node. @returns its output, without the line end */
export const docker = async (node: Node, ...args: string[]): Promise<string> =>
  (await node.exec(['docker', ...args])).trim();

export const initSwarm = (node: Node, ...options: string[]): Promise<string> =>
  docker(node, 'swarm', 'init', '--advertise-addr', node.address, ...options);

/** What an operator types, with nothing but what the documentation shows. */
export const forceNewCluster = (node: Node, ...options: string[]): Promise<string> =>
  initSwarm(node, '--force-new-cluster', ...options);

/** Joins `joining` to the swarm of `manager`, as a manager. */
export async function joinAsManager(manager: Node, joining: Node): Promise<void> {
  const token = await docker(manager, 'swarm', 'join-token', '--quiet', 'manager');
  await docker(
    joining,
    'swarm',
    'join',
    '--token',
    token,
    '--advertise-addr',
    joining.address,
    `${manager.address}:2377`,
  );
}

/** Stops and starts the node with its engine, and waits until it has a leader again. */
export async function restartNode(node: Node): Promise<Node> {
  const again = await (await node.stop(seconds(5))).start();
  await untilManaging(again);
  return again;
}

export const untilManaging = (node: Node, limit = seconds(60)): Promise<true> =>
  waitUntil(
    `${node.name} to be a manager`,
    async () => ({ done: !!(await docker(node, 'node', 'ls')) as true }),
    {
      limit,
    },
  );

/** Creates an overlay network. @returns its subnet, as soon as the leader has chosen it */
export async function subnetOfNewNetwork(node: Node, name: string): Promise<string> {
  // An engine whose manager was just started again may refuse for a moment.
  await waitUntil(`the network ${name}`, async () => ({
    done: await docker(node, 'network', 'create', '--driver', 'overlay', '--attachable', name),
  }));
  return waitUntil(`the subnet of ${name}`, async () => {
    const format = '{{range .IPAM.Config}}{{.Subnet}}{{end}}';
    const subnet = await docker(node, 'network', 'inspect', '--format', format, name);
    return subnet === '' ? { notYet: 'it has none' } : { done: subnet };
  });
}
