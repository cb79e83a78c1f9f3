// Runs drill files with vitest, one after the other, in a worker of this process and without vitest's output.
import { join } from 'node:path';
import { BaseSequencer, createVitest, type TestModule } from 'vitest/node';
import type { LabFacts } from '../../lab/lab.ts';
import { ROOT } from '../project.ts';
import type { RunSettings } from './settings.ts';
import { withoutSignalHandlers } from './interrupt.ts';

/** An error from a worker: the fields of DrillError are kept. */
export interface WorkerError {
  readonly message: string;
  readonly stack?: string | undefined;
  readonly blame?: unknown;
  readonly hint?: unknown;
}

export interface Session extends AsyncDisposable {
  /** @returns the errors of each file's import and tests; errors that belong to no file are under `''` */
  run(files: readonly string[], lab: LabFacts, run: RunSettings): Promise<ReadonlyMap<string, WorkerError[]>>;
  /** Aborts the running drill's signal and starts no other drill. */
  stop(): void;
}

/** @param print receives what a drill writes to its console */
export async function openSession(print: (text: string) => void): Promise<Session> {
  // Vitest's handlers would end the process at the first signal.
  const vitest = await withoutSignalHandlers(() =>
    createVitest({
      root: ROOT,
      config: join(ROOT, 'vitest.config.ts'),
      project: ['drills'],
      watch: false,
      sequence: { sequencer: RequestedOrderSequencer },
      reporters: [{ onUserConsoleLog: ({ content }) => print(content.trimEnd()) }],
    }),
  );
  return {
    async run(files, lab, run) {
      vitest.provide('lab', lab);
      vitest.provide('run', run);
      const drills = vitest.getProjectByName('drills');
      const specifications = files.map((file) => drills.createSpecification(file));
      const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specifications, true);
      const errors = new Map(testModules.map((module) => [module.moduleId, collectErrors(module)]));
      return errors.set('', unhandledErrors as WorkerError[]);
    },
    stop: () => void vitest.cancelCurrentRun('keyboard-input'),
    [Symbol.asyncDispose]: () => vitest.close(),
  };
}

class RequestedOrderSequencer extends BaseSequencer {
  override sort: BaseSequencer['sort'] = async (files) => files;
}

const collectErrors = (module: TestModule): WorkerError[] => [
  ...module.errors(),
  ...[...module.children.allTests()].flatMap((test) => test.result().errors ?? []),
];
