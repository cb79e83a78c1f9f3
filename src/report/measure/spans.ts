// Collects the journal's steps: when each started and ended, in which phase, inside which other step.
import type { JournalEvent, Phase } from '../../drill/events.ts';
import type { StepCommand, StepOperation } from '../../support/trace.ts';

export const UNFINISHED = 'not finished when the journal ended';

export interface WaitMark {
  readonly t: number;
  readonly because: string;
}

export interface Span {
  readonly name: string;
  readonly harness: boolean;
  /** Time between steps, that no step accounts for. */
  readonly gap?: boolean;
  readonly operation?: StepOperation | undefined;
  readonly command?: StepCommand | undefined;
  readonly start: number;
  end: number;
  ok: boolean;
  error: string | null;
  readonly waits: WaitMark[];
  readonly parts: Span[];
}

export interface PhaseSpan {
  readonly phase: Phase;
  readonly start: number;
  end: number;
  ok: boolean;
  /** Top-level steps, in the order they started. */
  readonly steps: Span[];
  /** Waits outside any step. */
  readonly waits: WaitMark[];
}

/** Returns phases that follow each other from 0 to the last event. What has not ended by then ends there, and is not ok. */
export function collectSpans(events: readonly JournalEvent[]): PhaseSpan[] {
  const phases: PhaseSpan[] = [];
  const steps = new Map<number, Span>();
  const end = events.at(-1)?.t ?? 0;
  const phase = (): PhaseSpan => phases.at(-1) ?? open('plan', 0);
  const open = (name: Phase, start: number): PhaseSpan => {
    const span = { phase: name, start, end, ok: true, steps: [], waits: [] };
    phases.push(span);
    return span;
  };

  for (const event of events) {
    if (event.event === 'phase') {
      const before = phases.at(-1);
      if (before) before.end = event.t;
      open(event.phase, before ? event.t : 0);
    } else if (event.event === 'step') {
      const { name, harness, operation, command, t } = event;
      const span = {
        name,
        harness,
        operation,
        command,
        start: t,
        end,
        ok: false,
        error: UNFINISHED,
        waits: [],
        parts: [],
      };
      const parent = event.parent === null ? undefined : steps.get(event.parent);
      (parent?.parts ?? phase().steps).push(span);
      steps.set(event.id, span);
    } else if (event.event === 'step-end') {
      const span = steps.get(event.id);
      if (span) Object.assign(span, { end: event.t, ok: event.error === null, error: event.error });
    } else if (event.event === 'wait') {
      const step = event.step === null ? undefined : steps.get(event.step);
      (step ?? phase()).waits.push({ t: event.t, because: event.because });
    } else if (event.event === 'failed') {
      (phases.findLast((span) => span.phase === event.phase) ?? phase()).ok = false;
    }
  }
  if (end > 0 && phases.length === 0) open('plan', 0);
  const last = phases.at(-1);
  if (last && events.at(-1)?.event !== 'end') last.ok = false;
  return phases;
}
