// The settings of one run, as plain data that can be passed to the workers in which drills run.
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ShardFact } from '../../drill/events.ts';
import type { Objectives, Size } from '../../drill/plan.ts';
import type { EngineVersion } from '../../lab/image/engine-versions.ts';
import type { LabFacts } from '../../lab/lab.ts';
import { utcNow } from '../../support/clock.ts';

export interface RunSettings {
  /** Names the run in its evidence: 16 hexadecimal digits. */
  readonly runId: string;
  /** The first half of it: part of every object's label and name. */
  readonly id: string;
  /** The run's report directory, absolute. */
  readonly directory: string;
  readonly seed: string;
  readonly size: Size;
  readonly keep: boolean;
  /** Replace the drills' objectives. */
  readonly objectives: Objectives;
  /** As named with --engine; none: the one that is found. */
  readonly engines?: readonly string[] | undefined;
  readonly shard?: ShardFact | undefined;
  /** Of the nodes of drills that name none. */
  readonly engineVersion?: EngineVersion | undefined;
}

declare module 'vitest' {
  export interface ProvidedContext {
    lab: LabFacts;
    run: RunSettings;
  }
}

/** Where reports are, unless `--reports` names another directory. */
export const DEFAULT_REPORTS = 'reports';

export type RunOverrides = Partial<Omit<RunSettings, 'id' | 'runId' | 'directory'>> & {
  /** Where to write reports. Default `DEFAULT_REPORTS`. */
  readonly reports?: string | undefined;
};

/** Fills in the defaults, and creates the run's report directory. */
export async function resolveSettings({
  reports = DEFAULT_REPORTS,
  ...overrides
}: RunOverrides = {}): Promise<RunSettings> {
  const runId = randomBytes(8).toString('hex');
  return {
    seed: randomBytes(4).toString('hex'),
    size: 'small',
    keep: false,
    objectives: {},
    ...overrides,
    runId,
    id: runId.slice(0, 8),
    directory: await createRunDirectory(resolve(reports)),
  };
}

/** Creates a directory named after the current time (UTC); a second run in the same second gets `-2`. */
export async function createRunDirectory(reports: string): Promise<string> {
  await mkdir(reports, { recursive: true });
  const name = `${utcNow().slice(0, 19).replaceAll(':', '-')}Z`;
  for (let turn = 1; ; turn++) {
    const directory = join(reports, turn === 1 ? name : `${name}-${turn}`);
    try {
      await mkdir(directory);
      return directory;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** Returns the command that runs `drill` again with the same seed, size, objectives, engine and engine version. */
export function formatRerunCommand(
  drill: string,
  { seed, size, objectives, engines = [], engineVersion }: RunSettings,
): string {
  const words = ['npm run drill --', drill, '--seed', quoteForShell(seed), '--size', size];
  for (const [name, value] of Object.entries(objectives)) words.push(`--${name}`, String(value));
  for (const engine of engines) words.push('--engine', quoteForShell(engine));
  if (engineVersion !== undefined) words.push('--engine-version', engineVersion);
  return words.join(' ');
}

const quoteForShell = (text: string): string =>
  /^[\w.:/@-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
