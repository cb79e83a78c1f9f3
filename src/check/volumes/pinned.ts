// Whether services with local volumes stay where their data is.
import type { ServiceMount, ServiceSpec } from '../../lab/engine/api.ts';
import type { Check } from '../../model/check.ts';
import { eligibleNodes } from '../../swarm/service/placement.ts';
import type { Swarm } from '../../swarm/swarm.ts';

/**
 * Expects each service that mounts a local volume to have exactly one node where it may start. With more, Swarm starts it anywhere after
 * a failure, and the engine there creates an empty volume of the same name. Global services, names with a template such as
 * `data-{{.Node.Hostname}}`, and volumes with a driver or options of their storage are left out.
 */
export const volumesPinned = (swarm: Swarm): Check => ({
  name: 'volumes pinned to nodes',
  required: true,
  doesNotProve:
    'that the data is on that node, or that a node which joins later does not meet the constraint, too',
  covers: [],
  async observe() {
    const { engine } = await swarm.manager();
    const members = await engine.nodes.list();
    const services = (await engine.services.list()).map(({ Spec }) => Spec).filter(keepsDataLocally);
    const differences = services.flatMap((spec) => {
      const hosts = eligibleNodes(spec, members).map(({ Description }) => Description.Hostname);
      if (hosts.length === 1) return [];
      const volumes = localVolumesOf(spec)
        .map(({ Source }) => Source)
        .join(', ');
      return hosts.length === 0
        ? [
            `${spec.Name}: no active node meets its constraints, so it does not start (its data is in ${volumes})`,
          ]
        : [
            `${spec.Name}: may start on ${hosts.sort().join(', ')}, and finds an empty ${volumes} on all but one of them`,
          ];
    });
    return { compared: services.length, differences };
  },
});

const keepsDataLocally = (spec: ServiceSpec): boolean =>
  spec.Mode?.Replicated !== undefined && localVolumesOf(spec).length > 0;

const localVolumesOf = ({ TaskTemplate }: ServiceSpec): ServiceMount[] =>
  (TaskTemplate.ContainerSpec?.Mounts ?? []).filter(isLocal);

function isLocal({ Type, Source = '', VolumeOptions }: ServiceMount): boolean {
  const { Name = 'local', Options } = VolumeOptions?.DriverConfig ?? {};
  const isPlain = (Name || 'local') === 'local' && Object.keys(Options ?? {}).length === 0;
  return Type === 'volume' && Source !== '' && !Source.includes('{{') && isPlain;
}
