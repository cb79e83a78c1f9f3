// A run of several kinds of failure: total losses by method, a loss that lasts, a swarm that survives, and one that can't be tested.
import type { JournalEvent } from '../../../src/drill/events.ts';
import {
  continuousWritesSample,
  inconclusiveSample,
  methodSamples,
  notRecoveredSample,
  recoveredSample,
} from './samples.ts';

type PlanEvent = Extract<JournalEvent, { event: 'plan' }>;

/** Changes what the drill is called, and when its service answers. */
export function asDrill(
  events: readonly JournalEvent[],
  plan: Partial<Pick<PlanEvent, 'name' | 'title' | 'failure' | 'tags'>>,
  { nodeEngine }: { readonly nodeEngine?: string } = {},
): JournalEvent[] {
  return events.map((event) => {
    if (event.event === 'plan') return { ...event, ...plan };
    if (event.event === 'environment' && nodeEngine !== undefined)
      return { ...event, environment: { ...event.environment, nodeEngine } };
    return event;
  });
}

export const ALL_NODES = 'loss of every node';

export const catalogue = (): JournalEvent[][] => [
  ...methodSamples().map((events) => asDrill(events, { failure: ALL_NODES, tags: ['weekly'] })),
  asDrill(continuousWritesSample(), { failure: ALL_NODES, tags: ['smoke', 'nightly'] }),
  asDrill(
    recoveredSample(),
    { name: 'total-loss.20-10', title: 'total loss on engine 20.10', failure: ALL_NODES, tags: ['weekly'] },
    { nodeEngine: 'Docker 20.10.24' },
  ),
  asDrill(notRecoveredSample(), {
    name: 'torn-copy',
    title: 'a copy of a running database is torn',
    failure: 'file copy of a running database',
    tags: ['nightly'],
  }),
  asDrill(inconclusiveSample(), {
    name: 'quorum-loss',
    title: 'two of three managers are lost',
    failure: 'loss of the quorum',
    tags: ['nightly'],
  }),
  asDrill(continuousWritesSample(), {
    name: 'worker-loss',
    title: 'the worker with the volume is lost',
    failure: 'loss of a worker with data',
    tags: ['smoke'],
  }),
];
