// The replicas of a service: set to 0 during a backup, and restored exactly.
import type { ServiceMode, ServiceSpec } from '../../lab/engine/api.ts';
import { seconds } from '../../support/clock.ts';
import { finding } from '../../support/errors.ts';
import { waitUntil } from '../../support/poll.ts';
import { step } from '../../support/trace.ts';
import { readProgress, type ServiceProgress } from '../../swarm/service/convergence.ts';
import type { Swarm } from '../../swarm/swarm.ts';
import { isIdle, pauseObjection, updateObjection } from './pausable.ts';
import type { Volume } from './volume.ts';

/**
 * Label with the mode of a service while it is stopped. A backup that was killed leaves the label, and the next one restores the
 * service from it.
 */
const MODE_LABEL = 'swarm-drill.mode-before-backup';

/** How long a service may take to start, and to stop after its grace period. */
export const SCALE_LIMIT = seconds(120);

/** A service before anything stopped it. */
export interface RecordedService {
  readonly id: string;
  readonly name: string;
  readonly mode: ServiceMode;
  /** How many containers run when it is restored. */
  readonly running: number;
}

/**
 * Records the services that have to be stopped, by name or id, and checks that this does no harm. Services that are idle are left out:
 * a job that has finished would run again.
 * @throws DrillError `not-pausable`, `no-service`
 */
export async function recordServices(
  swarm: Swarm,
  services: readonly string[],
): Promise<readonly RecordedService[]> {
  const { engine } = await swarm.manager();
  const all = await readProgress(engine);
  const recorded = services.map((name) => {
    const progress = all.find(({ service: { ID, Spec } }) => ID === name || Spec.Name === name);
    if (!progress)
      throw finding(`service ${name}: does not exist`, {
        code: 'no-service',
        hint: 'Pass the full name: stacks prefix the names of their services.',
      });
    return recordService(progress);
  });
  const found = recorded.filter((one) => one !== undefined);
  return Promise.all(
    found.map(async (one) => ({ ...one, running: one.running ?? (await countContainers(swarm, one.id)) })),
  );
}

/** @returns undefined when it is idle; without `running` where the containers have to be counted */
function recordService(progress: ServiceProgress) {
  const { service } = progress;
  const { ID: id, Spec } = service;
  const { Name: name, Mode = {}, Labels = {} } = Spec;
  const savedMode = Mode.Replicated?.Replicas === 0 ? Labels[MODE_LABEL] : undefined;
  if (savedMode === undefined && isIdle(progress)) return undefined;
  const objection = savedMode === undefined ? pauseObjection(service, progress) : updateObjection(service);
  if (objection)
    throw finding(`service ${name}: ${objection.reason}`, { code: 'not-pausable', hint: objection.hint });
  if (savedMode === undefined) return { id, name, mode: Mode };
  const mode = JSON.parse(savedMode) as ServiceMode;
  return { id, name, mode, running: mode.Replicated?.Replicas ?? 1 };
}

/** Returns the names of those whose mode is not the recorded one. */
export async function findChangedServices(
  swarm: Swarm,
  found: readonly RecordedService[],
): Promise<string[]> {
  const { engine } = await swarm.manager();
  const changed = await Promise.all(
    found.map(
      async ({ id, mode }) =>
        JSON.stringify((await engine.services.inspect(id)).Spec.Mode) !== JSON.stringify(mode),
    ),
  );
  return found.filter((_, index) => changed[index]).map(({ name }) => name);
}

/** Returns the names of the services whose tasks mount the volume. */
export async function findServicesUsing({ swarm, name }: Volume): Promise<string[]> {
  const { engine } = await swarm.manager();
  const services = await engine.services.list();
  return services
    .filter(({ Spec }) =>
      Spec.TaskTemplate.ContainerSpec?.Mounts?.some(
        ({ Type, Source }) => Type === 'volume' && Source === name,
      ),
    )
    .map(({ Spec }) => Spec.Name);
}

/** Sets their replicas to 0, and waits until no container is left. */
export const scaleToZero = (swarm: Swarm, found: readonly RecordedService[]): Promise<void> =>
  each('stop', found, (one) => stop(swarm, one));

/** Restores their replicas, and waits until as many containers run as did. @throws DrillError `not-resumed` */
export const restoreReplicas = (swarm: Swarm, found: readonly RecordedService[]): Promise<void> =>
  each('restore the replicas of', found, (one) => start(swarm, one));

/** When one fails, waits for the others: an update that is still on its way must not undo the restoring of all of them. */
async function each(
  what: string,
  found: readonly RecordedService[],
  act: (one: RecordedService) => Promise<void>,
): Promise<void> {
  if (found.length === 0) return;
  await step(`${what} ${found.map(({ name }) => name).join(', ')}`, async () => {
    const failed = (await Promise.allSettled(found.map(act))).find(({ status }) => status === 'rejected');
    if (failed) throw (failed as PromiseRejectedResult).reason;
  });
}

async function stop(swarm: Swarm, { id, name, mode }: RecordedService): Promise<void> {
  const { TaskTemplate } = await update(swarm, id, (spec) => ({
    ...spec,
    Labels: { ...spec.Labels, [MODE_LABEL]: JSON.stringify(mode) },
    Mode: { Replicated: { Replicas: 0 } },
  }));
  const grace = (TaskTemplate.ContainerSpec?.StopGracePeriod ?? 0) / 1e9;
  await waitUntil(
    `${name} to stop`,
    async () => {
      const left = await countContainers(swarm, id);
      return left === 0 ? { done: true } : { notYet: `${left} of its containers are running` };
    },
    { limit: seconds(SCALE_LIMIT + grace), blame: 'finding' },
  );
}

async function start(swarm: Swarm, { id, name, mode, running }: RecordedService): Promise<void> {
  // In one update: when a service is changed again while its new task waits for a node (as for a port that the old task still has),
  // the scheduler drops the task, and nothing replaces it (`noSuitableNode` in swarmkit's manager/scheduler).
  await update(swarm, id, ({ Labels: { [MODE_LABEL]: _, ...labels } = {}, ...spec }) => ({
    ...spec,
    Labels: labels,
    Mode: mode,
  }));
  await waitUntil(
    `${name} to run again`,
    async () => {
      const now = await countContainers(swarm, id);
      if (now >= running) return { done: true };
      const missing = await swarm.explainMissing(name);
      return { notYet: missing ?? `${now} of ${running} containers are running` };
    },
    { limit: SCALE_LIMIT },
  ).catch((cause: unknown) => {
    throw finding(`service ${name}: does not run although its replicas are restored`, {
      code: 'not-resumed',
      cause,
    });
  });
}

/** Edits the service's spec, and again after a concurrent update; an edit that changes nothing is not sent. */
async function update(
  swarm: Swarm,
  id: string,
  edit: (spec: ServiceSpec) => ServiceSpec,
): Promise<ServiceSpec> {
  return waitUntil(`the service ${id} to take its update`, async () => {
    const { engine } = await swarm.manager();
    const { Version, Spec } = await engine.services.inspect(id);
    const edited = edit(Spec);
    if (JSON.stringify(sorted(edited)) !== JSON.stringify(sorted(Spec)))
      await engine.services.update(id, Version, edited);
    return { done: edited };
  });
}

const sorted = ({ Labels = {}, Mode }: ServiceSpec) => ({ Labels: Object.entries(Labels).sort(), Mode });

async function countContainers(swarm: Swarm, service: string): Promise<number> {
  const label = [`com.docker.swarm.service.id=${service}`];
  const lists = await Promise.all(
    swarm.nodes.map((node) => node.engine.containers.list({ filters: { label, status: ['running'] } })),
  );
  return lists.flat().length;
}
