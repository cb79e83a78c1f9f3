// A setting that a backup changed in a running Valkey server, remembered until it is put back: also when the backup is killed meanwhile.
import { waitUntil } from '../../support/poll.ts';
import type { ServiceRef } from '../container/task.ts';

/** In a label of the service, which its tasks know nothing of: what a killed backup leaves there, the next one pays. */
const OWED = 'swarm-drill.aof-rewrites-before-backup';

export interface Owed {
  /** The server's own word for the time that it has run now; one that was started anew has forgotten the change. */
  readonly run: string;
  readonly value: string;
}

type Labels = Readonly<Record<string, string>>;

interface Described {
  readonly Version: { readonly Index: number };
  readonly Spec: { readonly Labels?: Labels };
}

/** The value that an earlier backup did not put back. */
export async function owedTo(service: ServiceRef, run: string): Promise<string | undefined> {
  const owed = (await described(service)).Spec.Labels?.[OWED];
  const [owedRun, value] = owed?.split(' ') ?? [];
  return owedRun === run ? value : undefined;
}

export const owe = (service: ServiceRef, { run, value }: Owed): Promise<void> =>
  relabel(service, (labels) => ({ ...labels, [OWED]: `${run} ${value}` }));

export const paid = (service: ServiceRef): Promise<void> =>
  relabel(service, ({ [OWED]: _, ...labels }) => labels);

async function described({ swarm, service }: ServiceRef): Promise<Described> {
  const { docker } = await swarm.manager();
  return (await docker.getService(service).inspect()) as Described;
}

/** Again when somebody else was faster. */
async function relabel(service: ServiceRef, edit: (labels: Labels) => Labels): Promise<void> {
  await waitUntil(`the service ${service.service} to take a label`, async () => {
    const { Version, Spec } = await described(service);
    const { docker } = await service.swarm.manager();
    const spec = { ...Spec, Labels: edit(Spec.Labels ?? {}) };
    await docker.getService(service.service).update({ version: Version.Index, ...spec });
    return { done: true };
  });
}
