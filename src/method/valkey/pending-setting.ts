// A setting that a backup changed in a running server, remembered until it is restored: also when the backup is killed in between.
import type { Labels, ServiceInspection } from '../../lab/engine/api.ts';
import { finding } from '../../support/errors.ts';
import { waitUntil } from '../../support/poll.ts';
import { updateObjection } from '../container/pausable.ts';
import type { ServiceRef } from '../container/task.ts';

/** A label of the service, which its tasks do not have. What a killed backup leaves there, the next backup restores. */
const LABEL = 'swarm-drill.aof-rewrites-before-backup';

export interface PendingSetting {
  /** The server's id of its current run. A restarted server has lost the change. */
  readonly run: string;
  readonly value: string;
}

/** Returns the value that an earlier backup of the same run did not restore. */
export async function readPendingSetting(service: ServiceRef, run: string): Promise<string | undefined> {
  const pending = (await inspect(service)).Spec.Labels?.[LABEL];
  const [pendingRun, value] = pending?.split(' ') ?? [];
  return pendingRun === run ? value : undefined;
}

/** A label changes the service. @throws DrillError `update-unfinished` when that would continue its update */
export async function requireNoUpdate(service: ServiceRef): Promise<void> {
  const objection = updateObjection(await inspect(service));
  if (objection)
    throw finding(`service ${service.service}: ${objection.reason}`, {
      code: 'update-unfinished',
      hint: objection.hint,
    });
}

export const rememberSetting = (service: ServiceRef, { run, value }: PendingSetting): Promise<void> =>
  relabel(service, (labels) => ({ ...labels, [LABEL]: `${run} ${value}` }));

export const forgetSetting = (service: ServiceRef): Promise<void> =>
  relabel(service, ({ [LABEL]: _, ...labels }) => labels);

async function inspect({ swarm, service }: ServiceRef): Promise<ServiceInspection> {
  const { engine } = await swarm.manager();
  return engine.services.inspect(service);
}

/** Tries again when another update of the service came first. */
async function relabel(service: ServiceRef, edit: (labels: Labels) => Labels): Promise<void> {
  await waitUntil(`service ${service.service} to accept a label`, async () => {
    const { Version, Spec } = await inspect(service);
    const { engine } = await service.swarm.manager();
    await engine.services.update(service.service, Version, { ...Spec, Labels: edit(Spec.Labels ?? {}) });
    return { done: true };
  });
}
