// Sample drills that compare methods: the recovered drill, each with another method as its subject.
import type { JournalEvent } from '../../../src/drill/events.ts';
import type { CheckResult } from '../../../src/model/check.ts';
import type { Aspect } from '../../../src/model/aspect.ts';
import { totalLossSample } from './total-loss.ts';

export interface MethodSample {
  readonly method: string;
  readonly of: string;
  readonly loses: readonly Aspect[];
  readonly seen: CheckResult['aspects'];
}

const all: readonly Aspect[] = ['content', 'owner', 'hard links', 'ACLs', 'rows', 'encrypted in the vault'];
const seen = (lost: Partial<Record<Aspect, number>>): CheckResult['aspects'] =>
  all.map((aspect) => ({ aspect, compared: 120, mismatched: lost[aspect] ?? 0 }));

export const METHODS: readonly MethodSample[] = [
  { method: 'restic', of: 'volumes', loses: [], seen: seen({}) },
  {
    method: 'rsync -a',
    of: 'volumes',
    loses: ['hard links', 'ACLs', 'encrypted in the vault'],
    seen: seen({ 'hard links': 4, 'encrypted in the vault': 2 }),
  },
  { method: 'an archive that drops owners', of: 'volumes', loses: [], seen: seen({ owner: 118 }) },
];

/** The journal of the drill whose subject is `sample`. */
export const methodSample = ({ method, of, loses, seen: aspects }: MethodSample): JournalEvent[] =>
  totalLossSample({
    recovered: !aspects.some((one) => one.mismatched > 0 && !loses.includes(one.aspect)),
  }).flatMap((event): JournalEvent[] => {
    if (event.event === 'plan')
      return [
        {
          ...event,
          name: `methods.${method.replaceAll(/\W+/g, '-')}`,
          title: method,
          subject: { of, aspects: all, method, requires: [], loses, limits: [] },
        },
      ];
    if (event.event === 'step' && event.name === 'restic restore ledger_files')
      return [{ ...event, name: `restore with ${method}`, operation: { kind: 'restore', method } }];
    if (event.event === 'artifact')
      return event.artifact.name.includes('files')
        ? [
            { t: event.t, event: 'baseline-timing', bytes: 64_000_000, seconds: 0.8, unpackSeconds: 0.5 },
            { ...event, artifact: { ...event.artifact, method, loses } },
          ]
        : [event];
    if (event.event === 'check' && event.check.name === 'files match')
      return [{ ...event, check: { ...event.check, aspects } }];
    return [event];
  });
