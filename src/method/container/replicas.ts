// The replicas of a service: taken away for the time of a backup, and given back exactly as they were.
import type { Docker } from '../../lab/engine/connect.ts';
import { seconds } from '../../support/clock.ts';
import { finding } from '../../support/errors.ts';
import { waitUntil } from '../../support/poll.ts';
import { step } from '../../support/trace.ts';
import type { Swarm } from '../../swarm/swarm.ts';
import type { Volume } from './volume.ts';

/**
 * A service that is switched off carries its mode in this label until it runs again. A backup that was killed half-way leaves it
 * there, and the next one brings the service back to it.
 */
const OWED = 'swarm-drill.mode-before-backup';

/** How long a service may take to stop, beside its own grace period, and to start. */
export const SCALE_LIMIT = seconds(120);

interface Mode {
  readonly Replicated?: { readonly Replicas?: number };
}

interface Spec {
  readonly Name: string;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly Mode: Mode;
  readonly TaskTemplate: {
    readonly ContainerSpec?: {
      /** Nanoseconds. */
      readonly StopGracePeriod?: number;
      readonly Mounts?: readonly { readonly Type: string; readonly Source?: string }[];
    };
  };
}

interface ServiceInspection {
  readonly ID: string;
  readonly Version: { readonly Index: number };
  readonly Spec: Spec;
}

/** A service as it was found. */
export interface RecordedService {
  readonly id: string;
  readonly name: string;
  readonly mode: Mode;
  /** How many containers run when it is as it was. */
  readonly running: number;
}

/** @throws DrillError `not-pausable` */
export async function recordServices(
  swarm: Swarm,
  services: readonly string[],
): Promise<readonly RecordedService[]> {
  const { docker } = await swarm.manager();
  return Promise.all(
    services.map(async (service) => {
      const { ID, Spec } = await inspect(docker, service);
      if (!Spec.Mode.Replicated)
        throw finding(
          `the service ${Spec.Name} can't be switched off by its replicas: it is ${Object.keys(Spec.Mode).join()}`,
          {
            code: 'not-pausable',
            hint: 'take the backup live; or stop the service yourself, and take it then',
          },
        );
      const owed = Spec.Mode.Replicated.Replicas === 0 ? Spec.Labels?.[OWED] : undefined;
      const mode = owed === undefined ? Spec.Mode : (JSON.parse(owed) as Mode);
      const running =
        owed === undefined ? await countContainers(swarm, ID) : (mode.Replicated?.Replicas ?? 1);
      return { id: ID, name: Spec.Name, mode, running };
    }),
  );
}

/** Names of those that don't have the replicas that they were found with. */
export async function findChangedServices(
  swarm: Swarm,
  found: readonly RecordedService[],
): Promise<string[]> {
  const { docker } = await swarm.manager();
  const changed = await Promise.all(
    found.map(
      async ({ id, mode }) => JSON.stringify((await inspect(docker, id)).Spec.Mode) !== JSON.stringify(mode),
    ),
  );
  return found.filter((_, index) => changed[index]).map(({ name }) => name);
}

/** Names of the services whose tasks mount the volume. */
export async function findServicesUsing({ swarm, name }: Volume): Promise<string[]> {
  const { docker } = await swarm.manager();
  const services = (await docker.listServices()) as unknown as ServiceInspection[];
  return services
    .filter(({ Spec }) =>
      Spec.TaskTemplate.ContainerSpec?.Mounts?.some(
        ({ Type, Source }) => Type === 'volume' && Source === name,
      ),
    )
    .map(({ Spec }) => Spec.Name);
}

/** Takes their replicas away, and waits until no container is left. */
export const scaleToZero = (swarm: Swarm, found: readonly RecordedService[]): Promise<void> =>
  each('stop', found, (one) => stop(swarm, one));

/** Gives back what is missing, and waits until as many containers run as did. @throws DrillError `not-resumed` */
export const restoreReplicas = (swarm: Swarm, found: readonly RecordedService[]): Promise<void> =>
  each('as before:', found, (one) => start(swarm, one));

/** When one of them fails the others end first: whoever brings all of them back must not be overtaken by an update on its way. */
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
    Labels: { ...spec.Labels, [OWED]: JSON.stringify(mode) },
    Mode: { Replicated: { Replicas: 0 } },
  }));
  const grace = (TaskTemplate.ContainerSpec?.StopGracePeriod ?? 0) / 1e9;
  await waitUntil(
    `${name} to stop`,
    async () => {
      const left = await countContainers(swarm, id);
      return left === 0 ? { done: true } : { notYet: `${left} of its containers still run` };
    },
    { limit: seconds(SCALE_LIMIT + grace), blame: 'finding' },
  );
}

async function start(swarm: Swarm, { id, name, mode, running }: RecordedService): Promise<void> {
  await update(swarm, id, (spec) => ({ ...spec, Mode: mode }));
  await waitUntil(
    `${name} to run again`,
    async () => {
      const now = await countContainers(swarm, id);
      return now >= running ? { done: true } : { notYet: `${now} of ${running} containers run` };
    },
    { limit: SCALE_LIMIT },
  ).catch((cause: unknown) => {
    throw finding(`${name} has its replicas again, and does not run`, { code: 'not-resumed', cause });
  });
  await update(swarm, id, ({ Labels: { [OWED]: _, ...labels } = {}, ...spec }) => ({
    ...spec,
    Labels: labels,
  }));
}

/** Edits the service's spec, again when somebody else was faster; an edit that changes nothing is not sent. */
async function update(swarm: Swarm, id: string, edit: (spec: Spec) => Spec): Promise<Spec> {
  return waitUntil(`the service ${id} to take its update`, async () => {
    const { docker } = await swarm.manager();
    const { Version, Spec } = await inspect(docker, id);
    const edited = edit(Spec);
    if (JSON.stringify(sorted(edited)) !== JSON.stringify(sorted(Spec)))
      await docker.getService(id).update({ version: Version.Index, ...edited });
    return { done: edited };
  });
}

const sorted = ({ Labels = {}, Mode }: Spec) => ({ Labels: Object.entries(Labels).sort(), Mode });

const inspect = async (docker: Docker, service: string): Promise<ServiceInspection> =>
  (await docker.getService(service).inspect()) as ServiceInspection;

async function countContainers(swarm: Swarm, service: string): Promise<number> {
  const label = [`com.docker.swarm.service.id=${service}`];
  const lists = await Promise.all(
    swarm.nodes.map((node) => node.docker.listContainers({ filters: { label, status: ['running'] } })),
  );
  return lists.flat().length;
}
