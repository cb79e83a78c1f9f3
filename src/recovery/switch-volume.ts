// Lets a service use another volume: a restored one under a new name, or back to the one that it had.
import { seconds } from '../support/clock.ts';
import { finding, usage } from '../support/errors.ts';
import { waitUntil } from '../support/poll.ts';
import { step, typed } from '../support/trace.ts';
import type { Swarm } from '../swarm/swarm.ts';

/** The volumes of a switch: from one to another. */
export interface VolumeSwitch {
  /** Full name of the volume that the service mounts. */
  readonly from: string;
  readonly to: string;
}

const LIMIT = seconds(120);

/**
 * Changes the mount of a service from one volume to another, and waits until its task mounts that one. The old volume stays.
 * @throws DrillError `no-mount` if the service does not mount `from`; `no-volume` if the node of its task has no `to`, which the
 * engine would create, empty
 */
export async function switchVolume(swarm: Swarm, service: string, { from, to }: VolumeSwitch): Promise<void> {
  if (from === to) throw usage(`switchVolume: ${from} is both volumes`, 'Name two volumes.');
  const manager = await swarm.manager();
  const { engine } = manager;
  const { ID, Version, Spec } = await engine.services.inspect(service);
  const container = Spec.TaskTemplate.ContainerSpec;
  const mount = container?.Mounts?.find(({ Type, Source }) => Type === 'volume' && Source === from);
  if (!container || !mount)
    throw finding(`service ${service}: does not mount the volume ${from}`, { code: 'no-mount' });
  const node = await swarm.nodeOf(service);
  const volumes = (await node.engine.volumes.list()).map(({ Name }) => Name);
  if (!volumes.includes(to))
    throw finding(
      `volume ${to}: does not exist on ${node.name}, so the service would start on an empty one`,
      {
        code: 'no-volume',
        node: node.name,
      },
    );
  const Mounts = container.Mounts?.map((one) => (one === mount ? { ...one, Source: to } : one)) ?? [];
  const change = `--mount-rm ${mount.Target} --mount-add type=volume,source=${to},target=${mount.Target}`;
  await step(
    `switch ${service} to the volume ${to}`,
    async () => {
      await engine.services.update(ID, Version, {
        ...Spec,
        TaskTemplate: { ...Spec.TaskTemplate, ContainerSpec: { ...container, Mounts } },
      });
      await waitUntil(`${service} to mount ${to}`, () => lookAtMount(swarm, service, to), { limit: LIMIT });
    },
    typed(manager, `docker service update ${change} ${service}`),
  );
}

async function lookAtMount(swarm: Swarm, service: string, to: string) {
  const { node, id } = await swarm.taskContainer(service);
  const { Mounts } = await node.engine.containers.inspect(id);
  const names = Mounts.flatMap(({ Name }) => (Name === undefined ? [] : [Name]));
  return names.includes(to) ? { done: true } : { notYet: `it mounts ${names.join(', ') || 'no volume'}` };
}
