// A running swarm: its nodes, and what an operator does with it.
import type { Member } from '../lab/engine/api.ts';
import { unreachableReason } from '../lab/engine/connect.ts';
import { execInContainer, type ExecOptions } from '../lab/engine/process.ts';
import { imageReference } from '../lab/image/images.ts';
import { type Seconds, seconds } from '../support/clock.ts';
import { count } from '../support/count.ts';
import { DrillError, reasonOf, usage } from '../support/errors.ts';
import { waitUntil, type Answer } from '../support/poll.ts';
import { commandLine } from '../support/shell.ts';
import { step, typed } from '../support/trace.ts';
import { lockManagers, replaceUnlockKey } from './autolock.ts';
import { takeInventory, type Inventory } from './inventory.ts';
import { findMissingTasks, type MissingTasks } from './service/convergence.ts';
import {
  activateNodes,
  type AddressPool,
  findUnreadyNodes,
  initialiseSwarm,
  joinNodes,
  memberIds,
} from './membership.ts';
import { stackDeployOptions } from './docker-cli.ts';
import { nameNodes } from './name-nodes.ts';
import type { LimitedDisk, NodeIdentity } from './node/container.ts';
import type { Node } from './node/node.ts';
import { PermanentErrors } from './service/permanent-errors.ts';
import type { Site } from './site.ts';

/** How long a node may take to list its containers, on a busy machine. */
const TASK_ANSWER_LIMIT = seconds(20);

/** How many nodes a drill starts with. */
export interface Topology {
  /** 1 to 7. */
  readonly managers: number;
  /** 0 to 10. */
  readonly workers: number;
  /** By name, the nodes whose disk is small, for `disasters.fillDisk`. Nodes that join later have no limit. Default none. */
  readonly limitedDisks?: Readonly<Record<string, LimitedDisk>>;
}

/** A running swarm: its nodes, and what an operator does with it. */
export class Swarm {
  readonly site: Site;
  readonly #nodes: Node[];

  /** @param nodes the first is a manager */
  constructor(site: Site, nodes: readonly Node[]) {
    this.site = site;
    this.#nodes = [...nodes];
  }

  /** Starts a new swarm: nodes side by side, the first manager initialises, the others join. */
  static async start(site: Site, topology: Topology, addressPool?: AddressPool): Promise<Swarm> {
    const nodes = nameNodes(topology);
    requireNames(topology, nodes);
    const [first, ...others] = (await step(`start ${count(nodes.length, 'node')}`, () =>
      site.startNodes(nodes),
    )) as [Node, ...Node[]];
    await step('initialise the swarm', () => initialiseSwarm(first, addressPool));
    const swarm = new Swarm(site, [first]);
    if (others.length > 0) await step('join the nodes', () => swarm.joinNodes(others));
    else await swarm.ready();
    return swarm;
  }

  /** All nodes, without those that were destroyed: they can't answer. */
  get nodes(): readonly Node[] {
    return this.#nodes.filter(({ isDestroyed }) => !isDestroyed);
  }

  /** Returns the node of that name. @throws DrillError `no-node` */
  node(name: string): Node {
    const node = this.nodes.find((candidate) => candidate.name === name);
    if (!node)
      throw new DrillError(
        `there is no node "${name}", only ${this.nodes.map((one) => one.name).join(', ')}`,
        {
          code: 'no-node',
        },
      );
    return node;
  }

  /** @internal after a node was stopped and started again, or replaced */
  replace(node: Node): void {
    const index = this.#nodes.findIndex((candidate) => candidate.name === node.name);
    if (index < 0) this.#nodes.push(node);
    else this.#nodes[index] = node;
  }

  /** The nodes in the role of a manager. */
  get managers(): readonly Node[] {
    return this.nodes.filter(({ role }) => role === 'manager');
  }

  /** The nodes in the role of a worker. */
  get workers(): readonly Node[] {
    return this.nodes.filter(({ role }) => role === 'worker');
  }

  /** A manager that answers as one. @throws DrillError `no-manager` with what each said */
  async manager(): Promise<Node> {
    const said: string[] = [];
    for (const node of this.managers) {
      try {
        await node.engine.swarm.inspect();
        return node;
      } catch (error) {
        said.push(`${node.name}: ${reasonOf(error)}`);
      }
    }
    throw new DrillError(`no manager answers: ${said.join('; ')}`, { code: 'no-manager' });
  }

  /** The raft leader. */
  async leader(): Promise<Node> {
    const manager = await this.manager();
    return waitUntil('a raft leader', async () => {
      const members = await manager.engine.nodes.list();
      const leader = members.find((member) => member.ManagerStatus?.Leader);
      return leader
        ? { done: this.node(leader.Description.Hostname) }
        : { notYet: 'no manager says that it leads' };
    });
  }

  /** A manager whose engine can be stopped without moving the lead: a follower that others reach and that answers, else the leader. */
  async follower(): Promise<Node> {
    const leader = await this.leader();
    const reachable = (await this.members())
      .filter(({ ManagerStatus }) => ManagerStatus?.Reachability === 'reachable')
      .map(({ Description }) => Description.Hostname);
    for (const node of this.managers)
      if (
        node.name !== leader.name &&
        reachable.includes(node.name) &&
        (await unreachableReason(node.engine)) === undefined
      )
        return node;
    return leader;
  }

  /** Lists the members that the swarm knows, also lost ones. */
  async members(): Promise<Member[]> {
    return (await this.manager()).engine.nodes.list();
  }

  /** Turns autolock on, and waits until every manager has encrypted its key. */
  lock(): Promise<void> {
    return lockManagers(this.managers);
  }

  /** Replaces the unlock key of an autolocked swarm, and waits until every manager has encrypted its key with the new one. */
  replaceUnlockKey(): Promise<void> {
    return replaceUnlockKey(this.managers);
  }

  /** Lists every object of the swarm and its nodes. */
  async inventory(): Promise<Inventory> {
    return takeInventory(await this.manager(), this.nodes);
  }

  /** Reference of a workload image, for a compose file. */
  imageOf(role: string): string {
    return imageReference(this.site.lab, role);
  }

  /** Sets labels on the node of that host name, and keeps the others. */
  async label(name: string, labels: Readonly<Record<string, string>>): Promise<void> {
    if (Object.keys(labels).length === 0) return;
    const manager = await this.manager();
    const added = Object.entries(labels).flatMap(([key, value]) => ['--label-add', `${key}=${value}`]);
    await step(
      `label ${name}`,
      () => this.#label(manager, name, labels),
      typed(manager, commandLine(['docker', 'node', 'update', ...added, name])),
    );
  }

  async #label(manager: Node, name: string, labels: Readonly<Record<string, string>>): Promise<void> {
    const members = await manager.engine.nodes.list();
    const member = members.find(
      ({ Description, Status }) => Description.Hostname === name && Status.State === 'ready',
    );
    if (!member)
      throw new DrillError(`expected a ready node "${name}" to label, the swarm has none`, {
        code: 'no-node',
      });
    await this.#setLabels(member.ID, (own) => ({ ...own, ...labels }));
  }

  /** `docker stack deploy`, images as they are in the nodes. */
  async deploy(stack: string, compose: string, env: Readonly<Record<string, string>> = {}): Promise<void> {
    const manager = await this.manager();
    await step(
      `deploy the stack ${stack}`,
      async () => {
        const options = [...(await stackDeployOptions(manager)), '--compose-file', '-'];
        await manager.exec(['docker', 'stack', 'deploy', ...options, stack], {
          input: compose,
          env: Object.entries(env).map(([key, value]) => `${key}=${value}`),
        });
      },
      typed(manager, commandLine(['docker', 'stack', 'deploy', '--compose-file', `${stack}.yml`, stack])),
    );
  }

  /** Starts new nodes side by side, and joins them; they take the first free names, also those of nodes that are lost. */
  async join(added: Partial<Topology>): Promise<void> {
    const nodes = nameNodes(added, new Set(this.nodes.map(({ name }) => name)));
    if (nodes.length === 0) return;
    await this.joinNodes(
      await step(`start ${count(nodes.length, 'node')}`, () => this.site.startNodes(nodes)),
    );
  }

  /** Joins running nodes in their roles, and waits until all nodes are ready. */
  async joinNodes(started: readonly Node[]): Promise<void> {
    const manager = await this.manager();
    // Without services there are no tasks to hold back.
    const holdBack = (await manager.engine.services.list()).length > 0;
    await joinNodes(manager, started, holdBack ? 'drain' : 'active');
    for (const node of started) this.replace(node);
    await this.ready();
    if (!holdBack) return;
    const addresses = this.nodes.map(({ address }) => address);
    await step('activate the nodes', () => activateNodes(manager, started, addresses));
  }

  /** Waits until every node is ready, and every manager reachable. */
  async ready(limit: Seconds = seconds(60)): Promise<void> {
    await waitUntil(
      'all nodes',
      async () => {
        const unready = await findUnreadyNodes((await this.manager()).engine, this.nodes);
        return unready.length === 0 ? { done: true } : { notYet: `${unready.join(', ')} not ready` };
      },
      { limit },
    );
  }

  /**
   * Removes members that are none of the nodes any more, and removes the labels of the others: a service that waits for a label must
   * not start before its data is in place, also on a node that came back with its old labels.
   * @returns by host name, the labels that each of today's nodes should have: its own, or those of the member that it replaces
   */
  async removeLostMembers(): Promise<Record<string, Record<string, string>>> {
    const manager = await this.manager();
    const { engine } = manager;
    const alive = await memberIds(this.nodes);
    const labels: Record<string, Record<string, string>> = Object.fromEntries(
      this.nodes.map(({ name }) => [name, {}]),
    );
    for (const { ID, Description, Spec } of await engine.nodes.list()) {
      Object.assign(labels[Description.Hostname] ?? {}, Spec.Labels);
      const { Hostname } = Description;
      const own = Object.keys(Spec.Labels ?? {});
      if (!alive.has(ID))
        await step(
          `remove ${Hostname}, which is lost`,
          () => engine.nodes.remove(ID),
          typed(manager, `docker node rm --force ${ID}`),
        );
      else if (own.length > 0) {
        const removed = own.flatMap((key) => ['--label-rm', key]);
        await step(
          `hold back what waits for a label of ${Hostname}`,
          () => this.#setLabels(ID, () => ({})),
          typed(manager, commandLine(['docker', 'node', 'update', ...removed, ID])),
        );
      }
    }
    return labels;
  }

  /** Tries again when the node was changed in between: by the engine as it becomes ready, or by another label. */
  async #setLabels(
    id: string,
    change: (labels: Readonly<Record<string, string>>) => Record<string, string>,
  ): Promise<void> {
    await waitUntil('the labels of a node to be set', async () => {
      const { engine } = await this.manager();
      const { Version, Spec } = await engine.nodes.inspect(id);
      await engine.nodes.update(id, Version, { ...Spec, Labels: change(Spec.Labels ?? {}) });
      return { done: true };
    });
  }

  /**
   * Waits until every service (or those named) has all its tasks, running on nodes that are ready.
   * @throws DrillError `wait-timeout`; `wait-given-up` when a task has an error that no waiting changes
   */
  async converged(limit: Seconds = seconds(120), only?: readonly string[]): Promise<void> {
    const permanent = new PermanentErrors();
    const look = async (): Promise<Answer<true>> => {
      const all = [...(await this.#missingTasks())].filter(([name]) => only?.includes(name) ?? true);
      const hopeless = all.find(([name, missing]) => permanent.observe(name, missing));
      if (hopeless) return { giveUp: hopeless[1]?.reason ?? '' };
      const [first] = all.flatMap(([, missing]) => missing ?? []);
      return first ? { notYet: first.reason } : { done: true };
    };
    await step('wait for the services', () => waitUntil('the services', look, { limit }));
  }

  /** Returns the names of the services that have all their tasks now. */
  async listConverged(): Promise<string[]> {
    return [...(await this.#missingTasks())].flatMap(([name, missing]) => (missing ? [] : name));
  }

  /** Returns why the service does not have all its tasks, with the error of a task if there is one; undefined if it has. */
  async explainMissing(service: string): Promise<string | undefined> {
    return (await this.#missingTasks()).get(service)?.reason;
  }

  async #missingTasks(): Promise<ReadonlyMap<string, MissingTasks | undefined>> {
    return findMissingTasks((await this.manager()).engine, this.nodes);
  }

  /**
   * The node and container of a running task of `service`: those of the node that says first that it has one. A frozen node, which
   * never answers, hides no task of another one.
   */
  async taskContainer(service: string): Promise<{ node: Node; id: string }> {
    const filters = { label: [`com.docker.swarm.service.name=${service}`], status: ['running'] };
    const silent: string[] = [];
    const found = this.nodes.map(async (node) => {
      const engine = node.engine.withLimit(TASK_ANSWER_LIMIT);
      const [first] = await engine.containers.list({ filters }).catch((error: unknown) => {
        // A node that is down runs no task. Another one may.
        silent.push(`${node.name}: ${reasonOf(error)}`);
        return [];
      });
      if (!first) throw new Error(`${node.name} runs no task of ${service}`);
      return { node, id: first.Id };
    });
    try {
      return await Promise.any(found);
    } catch {
      const unasked = silent.length > 0 ? `; no answer from ${silent.join('; ')}` : '';
      throw new DrillError(`no node has a running container of the service ${service}${unasked}`, {
        code: 'no-task',
      });
    }
  }

  /**
   * Runs a program in a running task of `service` and returns its standard output.
   * @throws DrillError `no-task`; `command-failed` when it exits with anything but 0
   */
  async execInTask(service: string, argv: readonly string[], options: ExecOptions = {}): Promise<string> {
    const { node, id } = await this.taskContainer(service);
    return execInContainer(node.engine, id, argv, options);
  }

  /** Returns the node that runs a task of `service`. @throws DrillError `no-task` */
  async nodeOf(service: string): Promise<Node> {
    return (await this.taskContainer(service)).node;
  }
}

/** @throws DrillError `usage` if a disk is limited that no node has */
function requireNames({ limitedDisks = {} }: Topology, nodes: readonly NodeIdentity[]): void {
  const names = nodes.map(({ name }) => name);
  const unknown = Object.keys(limitedDisks).filter((name) => !names.includes(name));
  if (unknown.length > 0)
    throw usage(
      `limitedDisks: expected names of nodes (${names.join(', ')}), got ${unknown.join(', ')}`,
      'Correct the topology of the drill.',
    );
}
