// The journal of a drill that never started, so that reports list it, with the reason, instead of leaving it out.
import { utcNow } from '../../support/clock.ts';
import { Journal } from '../journal.ts';
import { recordPlan } from '../phases.ts';
import type { RunContext } from '../runtime.ts';

export interface Unstarted {
  /** The drill's own report directory; it must not have a journal yet. */
  readonly directory: string;
  readonly reason: string;
  /** An imperative sentence. */
  readonly hint: string;
  /** Of the error behind the reason, e.g. its stack. Default: the reason. */
  readonly detail?: string | undefined;
  /** Default: the journal has no plan, so the report has no title. */
  readonly plan?: Pick<RunContext, 'drill' | 'options'>;
}

/** Writes a journal whose verdict is `inconclusive`. */
export async function recordUnstarted({ directory, reason, hint, detail, plan }: Unstarted): Promise<void> {
  using journal = new Journal(directory);
  if (plan) await recordPlan({ ...plan, journal });
  journal.write({ event: 'phase', phase: 'plan', at: utcNow() });
  journal.write({ event: 'failed', phase: 'plan', blame: 'harness', reason, detail: detail ?? reason, hint });
  journal.write({ event: 'end', at: utcNow() });
}
