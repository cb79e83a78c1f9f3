// A drill in a separate process, as the program sees it: what it prints, how it ended, and how to stop it.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Drill } from '../../drill/plan.ts';
import type { Verdict } from '../../drill/verdict/verdict.ts';
import type { LabFacts } from '../../lab/lab.ts';
import type { RunSettings } from '../runner/settings.ts';
import type { FromDrill, StopReason, ToDrill } from './messages.ts';

const MAIN = join(import.meta.dirname, 'drill-main.ts');

/** How the process of a drill ended. */
export type DrillEnd =
  | { readonly kind: 'reported'; readonly verdict: Verdict }
  /** It ended before it had a report, e.g. `its process was killed by SIGKILL`. */
  | {
      readonly kind: 'died';
      readonly reason: string;
      readonly detail?: string | undefined;
      readonly hint?: string | undefined;
    };

export interface DrillProcess {
  /** Never rejects. */
  readonly ended: Promise<DrillEnd>;
  /** Passes on which other drills run on the machine now. */
  announce(names: readonly string[]): void;
  /** Ends the drill early, with logs, cleanup and report. */
  stop(why: StopReason): void;
  /** Ends the process and every program that it started, immediately. */
  kill(): void;
}

export interface DrillProcessOptions {
  readonly drill: Pick<Drill, 'name' | 'file'>;
  readonly lab: LabFacts;
  readonly run: RunSettings;
  /** Names of the drills that run on the machine already. */
  readonly others: readonly string[];
  /** Gets each line that the drill prints. */
  readonly print: (line: string) => void;
}

export function startDrillProcess({ drill, lab, run, others, print }: DrillProcessOptions): DrillProcess {
  const child = spawn(process.execPath, [MAIN], {
    // The last one is the lifeline: it ends when this process does.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe'],
    // A process group per drill: a Ctrl-C of the terminal is for the program, which then stops the drills.
    detached: true,
  });
  for (const stream of [child.stdout, child.stderr]) if (stream) createInterface(stream).on('line', print);
  // A message to a process that just ended is lost, which its end already says.
  const send = (message: ToDrill): void => void child.send(message, () => undefined);
  let last: FromDrill | undefined;
  child.on('message', (message) => (last = message as FromDrill));
  const kill = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  };
  // A program that it started, and that outlives it, keeps its output open: it would never close.
  child.once('exit', kill);
  const ended = new Promise<DrillEnd>((done) => {
    child.once('error', (error) =>
      done({ kind: 'died', reason: `its process did not start: ${error.message}` }),
    );
    child.once('close', (code, signal) => done(describeEnd(last, code, signal)));
  });
  send({ type: 'start', name: drill.name, file: drill.file, lab, run, others });
  return {
    ended,
    announce: (names) => send({ type: 'others', names }),
    stop: (why) => send({ type: 'stop', ...why }),
    kill,
  };
}

function describeEnd(
  last: FromDrill | undefined,
  code: number | null,
  signal: NodeJS.Signals | null,
): DrillEnd {
  if (last?.type === 'ended') return { kind: 'reported', verdict: last.verdict };
  if (last) return { kind: 'died', reason: last.reason, detail: last.detail, hint: last.hint };
  return {
    kind: 'died',
    reason: signal ? `its process was killed by ${signal}` : `its process ended with exit code ${code}`,
  };
}
