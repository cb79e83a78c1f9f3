// Objects of the swarm that someone removes: services, a stack, secrets, configs. Nothing reverses it; a recovery creates them again.
import type { Engine } from '../lab/engine/engine.ts';
import { isNotFound } from '../lab/engine/errors.ts';
import type { Aftermath } from '../model/disaster.ts';
import { reasonOf, usage } from '../support/errors.ts';
import { STACK_LABEL } from '../swarm/service/service-spec.ts';
import type { Swarm } from '../swarm/swarm.ts';
import { causeIrreversible, type Sighting } from './cause.ts';

type Kind = 'service' | 'secret' | 'config' | 'network';
/** A name, or several. */
export type Names = string | readonly string[];

/** Removes services: their tasks stop, their volumes stay. */
export const removeServices = (swarm: Swarm, names: Names): Promise<Aftermath<Swarm>> =>
  removeObjects(swarm, toObjects('service', names), `remove ${describe('service', names)}`);

/** Removes secrets. @throws DrillError `usage` if a service uses one: Docker refuses that */
export const removeSecrets = (swarm: Swarm, names: Names): Promise<Aftermath<Swarm>> =>
  removeObjects(swarm, toObjects('secret', names), `remove ${describe('secret', names)}`);

/** Removes configs. @throws DrillError `usage` if a service uses one: Docker refuses that */
export const removeConfigs = (swarm: Swarm, names: Names): Promise<Aftermath<Swarm>> =>
  removeObjects(swarm, toObjects('config', names), `remove ${describe('config', names)}`);

/**
 * Removes a stack as `docker stack rm` does: its services, secrets, configs and networks. Its volumes stay.
 * @throws DrillError `usage` if the swarm has nothing of that stack
 */
export async function removeStack(swarm: Swarm, stack: string): Promise<Aftermath<Swarm>> {
  const { engine } = await swarm.manager();
  const isOfStack = ({ Spec }: { readonly Spec: { readonly Labels?: object | null | undefined } }): boolean =>
    (Spec.Labels as Record<string, string> | undefined)?.[STACK_LABEL] === stack;
  const [services, secrets, configs, networks] = await Promise.all([
    engine.services.list(),
    engine.secrets.list(),
    engine.configs.list(),
    engine.networks.list({ label: [`${STACK_LABEL}=${stack}`] }),
  ]);
  const objects = [
    ...services.filter(isOfStack).flatMap(({ Spec }) => toObjects('service', Spec.Name)),
    ...secrets.filter(isOfStack).flatMap(({ Spec }) => toObjects('secret', Spec.Name)),
    ...configs.filter(isOfStack).flatMap(({ Spec }) => toObjects('config', Spec.Name)),
    ...networks.flatMap(({ Name }) => toObjects('network', Name)),
  ];
  if (objects.length === 0)
    throw usage(`removeStack: the swarm has no stack "${stack}"`, 'Name a stack that was deployed.');
  return causeIrreversible(
    {
      name: `remove the stack ${stack}`,
      witnesses: objects.map((object) => witness(swarm, object)),
      cause: async () => (await swarm.manager()).exec(['docker', 'stack', 'rm', stack]),
    },
    swarm,
  );
}

interface Removable {
  readonly kind: Kind;
  readonly name: string;
}

const toObjects = (kind: Kind, names: Names): Removable[] => [names].flat().map((name) => ({ kind, name }));
const describe = (kind: Kind, names: Names): string =>
  `the ${kind}${[names].flat().length === 1 ? '' : 's'} ${[names].flat().join(', ')}`;

async function removeObjects(
  swarm: Swarm,
  objects: readonly Removable[],
  name: string,
): Promise<Aftermath<Swarm>> {
  if (objects.length === 0) throw usage(`${name}: none is named`, 'Name at least one.');
  return causeIrreversible(
    {
      name,
      witnesses: objects.map((object) => witness(swarm, object)),
      async cause() {
        const { engine } = await swarm.manager();
        for (const object of objects) await remove(engine, object);
      },
    },
    swarm,
  );
}

async function remove(engine: Engine, { kind, name }: Removable): Promise<void> {
  try {
    await callsOf(engine, kind).remove(name);
  } catch (cause) {
    throw usage(
      `docker ${kind} rm ${name}: ${reasonOf(cause)}`,
      'Remove the services that use it first, with removeServices or removeStack.',
    );
  }
}

/** A service is gone when its tasks are, too: until then, its containers still write to its volumes. */
const witness = (swarm: Swarm, { kind, name }: Removable) => ({
  what: `${kind} ${name}`,
  id: name,
  async look(): Promise<Sighting> {
    const { engine } = await swarm.manager();
    try {
      await callsOf(engine, kind).inspect(name);
      return { state: 'present' };
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    const running =
      kind === 'service' &&
      (await swarm.taskContainer(name).then(
        () => true,
        () => false,
      ));
    return { state: running ? 'present' : 'gone' };
  },
});

const callsOf = (engine: Engine, kind: Kind) => engine[`${kind}s`];
