// Whether a restored swarm can still start tasks: those that ran on need neither a manager nor a secret of it.
import type { Check } from '../../model/check.ts';
import { seconds, type Seconds } from '../../support/clock.ts';
import { waitUntil } from '../../support/poll.ts';
import type { Objects } from '../../swarm/inventory.ts';
import type { Swarm } from '../../swarm/swarm.ts';
import { differencesBetween } from '../inventory.ts';
import { readMountedFiles } from '../mounted.ts';

/**
 * Replaces the task of a service (`docker service update --force`), and compares the secrets and configs that the new container has
 * with the baseline.
 * @param baseline as `baselines.mountedFiles` returned it
 * @param limit how long the new task may take to run. Default 60 s
 */
export const newTaskHasItsFiles = (
  swarm: Swarm,
  service: string,
  baseline: Objects,
  limit: Seconds = seconds(60),
): Check => ({
  name: 'new task has its files',
  required: true,
  doesNotProve: 'that other services can start tasks, or that nodes can that have none of this one',
  covers: ['secret values', 'configs', 'tasks'],
  async observe() {
    const before = await swarm.taskContainer(service);
    const { engine } = await swarm.manager();
    const { ID, Version, Spec } = await engine.services.inspect(service);
    const ForceUpdate = (Spec.TaskTemplate.ForceUpdate ?? 0) + 1;
    await engine.services.update(ID, Version, {
      ...Spec,
      TaskTemplate: { ...Spec.TaskTemplate, ForceUpdate },
    });
    const reason = await waitUntil(
      `a new task of ${service}`,
      async () => {
        const { id } = await swarm.taskContainer(service);
        return id === before.id ? { notYet: 'the old one runs' } : { done: undefined };
      },
      { limit },
    ).catch((error: Error) => error.message);
    if (reason !== undefined) return { compared: 1, differences: [reason] };
    const ofService = (files: Objects): Objects =>
      Object.fromEntries(Object.entries(files).filter(([file]) => file.endsWith(` in ${service}`)));
    const expected = ofService(baseline);
    return {
      compared: Object.keys(expected).length,
      differences: differencesBetween('mounted file', expected, ofService(await readMountedFiles(swarm))),
    };
  },
});
