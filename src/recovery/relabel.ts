// Labels are a node's, not its host's: a node that joined again has none, and services that wait for one stay pending.
import { finding } from '../support/errors.ts';
import { step } from '../support/trace.ts';
import { listDifferences } from '../swarm/differences.ts';
import type { Swarm } from '../swarm/swarm.ts';

/** Labels by node name. */
export type NodeLabels = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Sets labels, and compares what the swarm has then. @throws DrillError `not-labelled`, `no-node` */
export async function relabel(swarm: Swarm, labels: NodeLabels): Promise<void> {
  await step('set the labels', async () => {
    for (const [name, own] of Object.entries(labels)) await swarm.label(name, own);
  });
  const members = (await swarm.members()).filter(({ Status }) => Status.State === 'ready');
  const differences = Object.entries(labels).flatMap(([name, own]) => {
    const now = members.find(({ Description }) => Description.Hostname === name)?.Spec.Labels ?? {};
    const set = Object.fromEntries(Object.keys(own).map((key) => [key, now[key]]));
    return listDifferences(own, set).map((path) => `${name}${path}`);
  });
  if (differences.length > 0)
    throw finding(`labels differ from those to set: ${differences.join('; ')}`, { code: 'not-labelled' });
}
