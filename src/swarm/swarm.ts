// A swarm that runs: its nodes, and what a person would do with it.
import type { Member } from '../lab/engine/api.ts';
import { unreachableReason } from '../lab/engine/connect.ts';
import { execInContainer, type ExecOptions } from '../lab/engine/process.ts';
import { type Seconds, seconds } from '../support/clock.ts';
import { DrillError, reasonOf } from '../support/errors.ts';
import { waitUntil, type Answer } from '../support/poll.ts';
import { step } from '../support/trace.ts';
import { takeInventory, type Inventory } from './inventory.ts';
import { referenceOf, type Node } from './node.ts';
import type { Site } from './site.ts';

export const SWARM_PORT = 2377;

/** A running swarm: its nodes, and what an operator does with it. */
export class Swarm {
  readonly site: Site;
  readonly #nodes: Node[];

  /** @param nodes the first is a manager */
  constructor(site: Site, nodes: readonly Node[]) {
    this.site = site;
    this.#nodes = [...nodes];
  }

  /** All nodes. */
  get nodes(): readonly Node[] {
    return this.#nodes;
  }

  /** Returns the node of that name. @throws DrillError `no-node` */
  node(name: string): Node {
    const node = this.#nodes.find((candidate) => candidate.name === name);
    if (!node)
      throw new DrillError(
        `there is no node "${name}", only ${this.#nodes.map((one) => one.name).join(', ')}`,
        { code: 'no-node' },
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
    return this.#nodes.filter(({ name }) => name.startsWith('manager-'));
  }

  /** The nodes in the role of a worker. */
  get workers(): readonly Node[] {
    return this.#nodes.filter(({ name }) => name.startsWith('worker-'));
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

  /** Lists every object of the swarm and its nodes. */
  async inventory(): Promise<Inventory> {
    return takeInventory(await this.manager(), this.#nodes);
  }

  /** Reference of a workload image, for a compose file. */
  imageOf(role: string): string {
    return referenceOf(this.site.lab, role);
  }

  /** Sets labels on the node of that host name, and keeps the others. */
  async label(name: string, labels: Readonly<Record<string, string>>): Promise<void> {
    const manager = await this.manager();
    const member = (await manager.engine.nodes.list()).find(
      (one) => one.Description.Hostname === name && one.Status.State === 'ready',
    );
    if (!member)
      throw new DrillError(`expected a ready node "${name}" to label, the swarm has none`, {
        code: 'no-node',
      });
    await manager.engine.nodes.update(member.ID, member.Version, {
      ...member.Spec,
      Labels: { ...member.Spec.Labels, ...labels },
    });
  }

  /** `docker stack deploy`, images as they are in the nodes. */
  async deploy(stack: string, compose: string, env: Readonly<Record<string, string>> = {}): Promise<void> {
    const manager = await this.manager();
    await step(`deploy the stack ${stack}`, () =>
      manager.exec(
        [
          'docker',
          'stack',
          'deploy',
          '--resolve-image',
          'never',
          '--detach=true',
          '--compose-file',
          '-',
          stack,
        ],
        {
          input: compose,
          env: Object.entries(env).map(([key, value]) => `${key}=${value}`),
        },
      ),
    );
  }

  /** New nodes, started side by side, that join; names go on where the swarm's own end. */
  async join({
    managers = 0,
    workers = 0,
  }: {
    readonly managers?: number;
    readonly workers?: number;
  }): Promise<void> {
    const names = [
      ...this.site.freeNames('manager', managers, this),
      ...this.site.freeNames('worker', workers, this),
    ];
    if (names.length === 0) return;
    const started = await step(`start ${names.length} nodes`, () => this.site.startNodes(names));
    await this.admit(started);
  }

  /** Lets running nodes join in the role that their name says. */
  async admit(started: readonly Node[]): Promise<void> {
    const manager = await this.manager();
    const { JoinTokens } = await manager.engine.swarm.inspect();
    const joinOne = (node: Node, token: string): Promise<unknown> =>
      step(`${node.name} joins`, () =>
        node.engine.swarm.join({
          ListenAddr: `0.0.0.0:${SWARM_PORT}`,
          AdvertiseAddr: node.address,
          RemoteAddrs: [`${manager.address}:${SWARM_PORT}`],
          JoinToken: token,
        }),
      );
    // Managers one after the other: raft changes its members one at a time, and two at once can lose the race.
    const joinManagers = async (): Promise<void> => {
      for (const node of started.filter((one) => one.name.startsWith('manager-')))
        await joinOne(node, JoinTokens.Manager);
    };
    await Promise.all([
      joinManagers(),
      ...started
        .filter((one) => one.name.startsWith('worker-'))
        .map((node) => joinOne(node, JoinTokens.Worker)),
    ]);
    for (const node of started) this.replace(node);
    await this.ready();
  }

  /** Waits until every node of ours is ready, and every manager reachable. */
  async ready(limit: Seconds = seconds(60)): Promise<void> {
    await waitUntil(
      'all nodes',
      async () => {
        const members = await this.members();
        const ready = new Set(
          members
            .filter(
              ({ Status, ManagerStatus }) =>
                Status.State === 'ready' && (!ManagerStatus || ManagerStatus.Reachability === 'reachable'),
            )
            .map(({ Description }) => Description.Hostname),
        );
        const missing = this.#nodes.filter(({ name }) => !ready.has(name)).map(({ name }) => name);
        return missing.length === 0 ? { done: true } : { notYet: `${missing.join(', ')} not ready` };
      },
      { limit },
    );
  }

  /**
   * Removes member entries that no node of ours stands behind any more, and takes the labels off the others: what waits for a
   * label starts when its data is in place, also on a node that came back with its old labels.
   * @returns by host name, the labels that each of today's nodes should carry: its own, or those of the member it replaces
   */
  async replaceLostMembers(): Promise<Record<string, Record<string, string>>> {
    const { engine } = await this.manager();
    const infos = await Promise.all(this.#nodes.map((node) => node.engine.info()));
    const mine = new Set(infos.map((info) => info.Swarm.NodeID));
    const labels: Record<string, Record<string, string>> = Object.fromEntries(
      this.#nodes.map(({ name }) => [name, {}]),
    );
    for (const { ID, Description, Spec } of await engine.nodes.list()) {
      Object.assign((labels[Description.Hostname] ??= {}), Spec.Labels);
      if (!mine.has(ID)) await engine.nodes.remove(ID);
      else if (Object.keys(Spec.Labels ?? {}).length > 0) await this.#unlabel(ID);
    }
    const today = new Set(this.#nodes.map(({ name }) => name));
    return Object.fromEntries(Object.entries(labels).filter(([name]) => today.has(name)));
  }

  /** Again when the engine changed the node meanwhile, as it does when one becomes ready. */
  async #unlabel(id: string): Promise<void> {
    await waitUntil('the node to take its labels off', async () => {
      const { engine } = await this.manager();
      const { Version, Spec } = await engine.nodes.inspect(id);
      await engine.nodes.update(id, Version, { ...Spec, Labels: {} });
      return { done: true };
    });
  }

  /** Waits until every service (or those named) has all the tasks that it wants, running on nodes that are ready. */
  async converged(limit: Seconds = seconds(120), only?: readonly string[]): Promise<void> {
    await waitUntil('the services', () => this.#convergence(only), { limit });
  }

  /** Names of the services that have all the tasks that they want now. */
  async settled(): Promise<string[]> {
    const { services, late } = await this.#tasks();
    return services.filter((name) => !late.has(name));
  }

  async #convergence(only?: readonly string[]): Promise<Answer<true>> {
    const [why] = [...(await this.#tasks()).late].filter(([name]) => only?.includes(name) ?? true);
    return why ? { notYet: why[1] } : { done: true };
  }

  /**
   * The services, and by name why some don't have the tasks that they want. Raft alone is no witness: after a restart or a restore
   * it says "running" of containers that are long gone.
   */
  async #tasks(): Promise<{ services: string[]; late: Map<string, string> }> {
    const { engine } = await this.manager();
    const [services, tasks, containers] = await Promise.all([
      engine.services.list({ status: true }),
      engine.tasks.list({ 'desired-state': ['running'] }),
      this.#runningContainers(),
    ]);
    const late = new Map<string, string>();
    for (const { ID, Spec, ServiceStatus } of services) {
      const here = tasks.filter((task) => task.ServiceID === ID);
      const really = here.filter(
        (task) =>
          task.Status.State === 'running' && containers.has(task.Status.ContainerStatus?.ContainerID ?? ''),
      );
      const wanted = ServiceStatus?.DesiredTasks ?? Spec.Mode?.Replicated?.Replicas ?? 0;
      if (really.length === wanted) continue;
      const waits = here.find((task) => !really.includes(task));
      const why = waits
        ? ` (${waits.Status.State === 'running' ? 'no container' : waits.Status.State}${waits.Status.Err ? `: ${waits.Status.Err}` : ''})`
        : '';
      late.set(Spec.Name, `${Spec.Name} runs ${really.length} of ${wanted} tasks${why}`);
    }
    return { services: services.map(({ Spec }) => Spec.Name), late };
  }

  /** Ids of the containers that run on our nodes, as their own engines say; on one that does not answer none is known to run. */
  async #runningContainers(): Promise<Set<string>> {
    const lists = await Promise.all(
      this.#nodes.map((node) =>
        node.engine.containers.list({ filters: { status: ['running'] } }).catch(() => []),
      ),
    );
    return new Set(lists.flat().map(({ Id }) => Id));
  }

  /** The node and container of a running task of `service`. */
  async taskContainer(service: string): Promise<{ node: Node; id: string }> {
    for (const node of this.#nodes) {
      const found = await node.engine.containers.list({
        filters: { label: [`com.docker.swarm.service.name=${service}`], status: ['running'] },
      });
      if (found[0]) return { node, id: found[0].Id };
    }
    throw new DrillError(`no node has a running container of the service ${service}`, { code: 'no-task' });
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
