// What the process of a drill would have done at its end, had it not died: record why it ended, and remove what it created.
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CleanupFact, JournalEvent } from '../../drill/events.ts';
import { connect } from '../../lab/engine/connect.ts';
import { DRILL_LABEL, RUN_LABEL } from '../../lab/labels.ts';
import type { LabFacts } from '../../lab/lab.ts';
import { findLabelled, type NamesByKind, removeLabelled } from '../../lab/sweep.ts';
import { parseJournal, selectEvents } from '../../report/journal-reader.ts';
import { JOURNAL_FILE } from '../../report/write.ts';
import { reasonOf } from '../../support/errors.ts';
import type { RunSettings } from '../runner/settings.ts';

export interface Death {
  /** The drill's own report directory. */
  readonly directory: string;
  readonly end: {
    readonly reason: string;
    readonly detail?: string | undefined;
    readonly hint?: string | undefined;
  };
  /** Its name. */
  readonly drill: string;
  readonly run: Pick<RunSettings, 'id' | 'keep'>;
  readonly lab: LabFacts;
  /** Whether the engine answers. */
  readonly isReachable: boolean;
}

/** @returns false if there is no journal to complete */
export async function completeJournal(death: Death): Promise<boolean> {
  const file = join(death.directory, JOURNAL_FILE);
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return false;
  const { events } = parseJournal(text);
  if (selectEvents(events, 'end').length > 0) return true;
  const clock = clockOf(events);
  const write = (event: object): Promise<void> =>
    appendFile(file, `${JSON.stringify({ t: clock(), ...event })}\n`);
  // Its last line may have been cut.
  if (text !== '' && !text.endsWith('\n')) await appendFile(file, '\n');
  const { reason, detail = reason, hint } = death.end;
  await write({
    event: 'failed',
    phase: selectEvents(events, 'phase').at(-1)?.phase ?? 'plan',
    blame: 'harness',
    reason,
    detail,
    ...(hint !== undefined && { hint }),
  });
  if (death.isReachable && !death.run.keep)
    await write({ event: 'cleanup', cleanup: await removeObjects(death) });
  return true;
}

/** Returns the time of the journal in seconds: the process whose monotonic clock it was is gone, so UTC has to do. */
function clockOf(events: readonly JournalEvent[]): () => number {
  const dated = events.find((event) => 'at' in event);
  const origin = dated ? Date.parse(dated.at) - dated.t * 1000 : Date.now();
  const last = events.at(-1)?.t ?? 0;
  return () => Math.max(last, (Date.now() - origin) / 1000);
}

/** Removes what the drill left in the engine. What the other drills have there has other labels. */
async function removeObjects({ lab, run, drill }: Death): Promise<CleanupFact> {
  const engine = connect(lab.host);
  const labels = [`${RUN_LABEL}=${run.id}`, `${DRILL_LABEL}=${drill}`];
  try {
    const before = await findLabelled(engine, ...labels);
    const errors = await removeLabelled(engine, ...labels);
    const after = await findLabelled(engine, ...labels);
    return { before: countsOf(before), after: countsOf(after), leaked: Object.values(after).flat(), errors };
  } catch (error) {
    return { before: {}, after: {}, leaked: [], errors: [reasonOf(error)] };
  }
}

const countsOf = (names: NamesByKind): Record<string, number> =>
  Object.fromEntries(Object.entries(names).map(([kind, list]) => [kind, list.length]));
