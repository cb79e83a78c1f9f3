// Real runs with evidence, made in a directory of reports by the code that the program uses: only the drills are samples.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { vi } from 'vitest';
import { initialApproval } from '../../../src/cli/runner/evidence.ts';
import type { JournalEvent } from '../../../src/drill/events.ts';
import type { Drill, Plan } from '../../../src/drill/plan.ts';
import { beginRun, type BegunRun } from '../../../src/evidence/begin-run.ts';
import { parseFacts } from '../../../src/evidence/facts/load.ts';
import { type SealedRun, sealRun } from '../../../src/evidence/seal-run.ts';
import { createKeyPair, type KeyPair, parseSigningKey } from '../../../src/evidence/signing/keys.ts';
import type { TimeStampAuthority } from '../../../src/evidence/time-stamp/authority.ts';
import { writeRunReport } from '../../../src/report/write.ts';
import { seconds } from '../../../src/support/clock.ts';
import { sha256 } from '../../../src/support/sha256.ts';
import { asText, recoveredSample } from '../report/samples.ts';

type PlanEvent = Extract<JournalEvent, { event: 'plan' }>;

export interface SampleRun {
  /** Journals of its drills, which have different names. Default: one total loss that recovered. */
  readonly drills?: readonly (readonly JournalEvent[])[];
  /** When it starts, UTC, if it is not live. Default: when the first sample starts. */
  readonly startedAt?: string;
  /** Null: the run has no key. Default: `key` of the directory. */
  readonly key?: KeyPair | null;
  /** Text of evidence.yml. Default: none. */
  readonly facts?: string;
  readonly authority?: TimeStampAuthority;
  /** The process that runs it, as `ownerOf` names it. Default: one that has ended. */
  readonly owner?: string;
  /** Uses the real clock, for tokens of a real authority: the drills of the samples take a thousandth of their time then. */
  readonly live?: boolean;
}

/** A run and what its parts returned. */
export interface MadeRun {
  readonly directory: string;
  readonly begun: BegunRun;
  readonly sealed: SealedRun;
}

/** A directory of reports with its ledger, and a key. */
export class SampleReports implements AsyncDisposable {
  /** Absolute path. */
  readonly path: string;
  readonly key: KeyPair = createKeyPair();

  private constructor(path: string) {
    this.path = path;
  }

  static async create(): Promise<SampleReports> {
    const path = await mkdtemp(join(tmpdir(), 'swarm-drill-evidence-'));
    await mkdir(join(path, 'reports'));
    return new SampleReports(join(path, 'reports'));
  }

  /** Makes a run from its plan to its seal. */
  async addRun(sample: SampleRun = {}): Promise<MadeRun> {
    const { begun, directory, startedAt, events } = await this.startRun(sample);
    const end = Math.max(...events.map((journal) => journal.at(-1)?.t ?? 0));
    const sealed = await atTime(sample.live ? undefined : shift(startedAt, end + 2), async () => {
      if (sample.live) await sleep(end * 1000 + 20);
      const key = this.#signingKey(sample);
      const run = await writeRunReport(
        directory,
        initialApproval({ key, facts: null }, null, begun.inLedger),
      );
      return sealRun({
        directory,
        run,
        key,
        authority: sample.authority,
        planTime: begun.planTime,
      });
    });
    return { directory, begun, sealed };
  }

  /** Makes a run that started, whose drills wrote their journals, and that was killed before its reports. */
  async startRun(sample: SampleRun = {}): Promise<Pick<MadeRun, 'begun' | 'directory'> & Started> {
    const samples = sample.drills ?? [recoveredSample()];
    const startedAt = sample.live ? new Date().toISOString() : (sample.startedAt ?? firstMoment(samples));
    const name = `${startedAt.slice(0, 19).replaceAll(':', '-')}Z`;
    const directory = join(this.path, name);
    await mkdir(directory);
    const sources = await mkdtemp(join(this.path, '..', 'drills-'));
    const begun = await atTime(sample.live ? undefined : shift(startedAt, -1), async () =>
      beginRun({
        reports: this.path,
        directory: name,
        run: sha256(name).slice(0, 16),
        owner: sample.owner ?? `${hostname()}:4711:1`,
        trigger: { kind: 'person', name: 'tester', url: null },
        options: { seed: '5eed', size: 'small', objectives: {} },
        drills: await Promise.all(samples.map((events) => declareDrill(events, sources))),
        facts:
          sample.facts === undefined
            ? null
            : {
                file: join(this.path, '..', 'evidence.yml'),
                sha256: sha256(sample.facts),
                facts: parseFacts(sample.facts, 'evidence.yml'),
              },
        key: this.#signingKey(sample),
        authority: sample.authority,
      }),
    );
    const began = sample.live ? shift(new Date().toISOString(), 0.01) : startedAt;
    const events = samples.map((journal) => moveTo(journal, began, sample.live ? 1000 : 1));
    for (const journal of events) {
      const { name: drill } = planOf(journal);
      await mkdir(join(directory, drill, 'logs'), { recursive: true });
      await writeFile(join(directory, drill, 'logs', 'm1.log'), `the engine of ${drill}\n`);
      await writeFile(join(directory, drill, 'journal.jsonl'), asText(journal));
    }
    return { begun, directory, startedAt: began, events };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(join(this.path, '..'), { recursive: true, force: true });
  }

  #signingKey({ key = this.key }: SampleRun) {
    return key ? parseSigningKey(key.privatePem, 'the key of the test') : undefined;
  }
}

interface Started {
  readonly startedAt: string;
  readonly events: readonly (readonly JournalEvent[])[];
}

/** Writes the text of the journal's plan to a drill file. */
async function declareDrill(events: readonly JournalEvent[], sources: string): Promise<Drill> {
  const { name, title, text, tags, objectives } = planOf(events);
  const file = join(sources, `${name}.drill.ts`);
  await writeFile(file, text);
  const { rtoSeconds, rpoSeconds } = objectives;
  const plan = {
    tags,
    objectives: {
      ...(rtoSeconds !== null && { rto: seconds(rtoSeconds) }),
      ...(rpoSeconds !== null && { rpo: seconds(rpoSeconds) }),
    },
  };
  return { name, title, file, plan: plan as unknown as Plan };
}

function planOf(events: readonly JournalEvent[]): PlanEvent {
  const plan = events.find((event): event is PlanEvent => event.event === 'plan');
  if (!plan) throw new Error('the sample has no plan');
  return plan;
}

/** Gives the drill of a sample another name, so that a run can have it twice. */
export const named = (events: readonly JournalEvent[], name: string): JournalEvent[] =>
  events.map((event) => (event.event === 'plan' ? { ...event, name } : event));

/** Moves all dates so that the first is `to`, and divides all times. */
function moveTo(events: readonly JournalEvent[], to: string, divisor: number): JournalEvent[] {
  const from = Date.parse(firstMoment([events]));
  return events.map((event) => ({
    ...event,
    t: event.t / divisor,
    ...('at' in event && {
      at: new Date(Date.parse(to) + (Date.parse(event.at) - from) / divisor).toISOString(),
    }),
  }));
}

const firstMoment = (samples: readonly (readonly JournalEvent[])[]): string =>
  samples
    .map((events) => planOf(events).at)
    .toSorted()
    .at(0) ?? '2026-11-23T02:15:07.120Z';

const shift = (utc: string, by: number): string => new Date(Date.parse(utc) + by * 1000).toISOString();

/** Runs `body` while the clock of the program shows `utc`. */
async function atTime<T>(utc: string | undefined, body: () => Promise<T>): Promise<T> {
  if (utc === undefined) return body();
  vi.useFakeTimers({ now: Date.parse(utc), toFake: ['Date'] });
  try {
    return await body();
  } finally {
    vi.useRealTimers();
  }
}
