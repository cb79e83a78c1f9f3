// Global setup of the tests that need a lab: opens one lab for all of vitest's projects and passes it to the workers. A lab that
// the program has already opened is reused, and closed by the program.
import type { TestProject } from 'vitest/node';
import { openLab } from '../../lab/open.ts';
import type { EngineVersion } from '../../lab/image/engine-versions.ts';
import type { ImageRecipe, Lab } from '../../lab/lab.ts';
import { writeRunReport } from '../../report/write.ts';
import { describeError } from '../../support/errors.ts';
import { selectDrills } from '../select/drill-files.ts';
import { requiredEngineVersions } from './version-selection.ts';
import { toLabFacts } from './lab-facts.ts';
import { resolveSettings } from './settings.ts';

let opened: Promise<Lab> | undefined;

type TearDown = () => Promise<void>;

/** For the drills when vitest runs them directly: the lab has the images of all drills. */
export default async function setup(project: TestProject): Promise<TearDown | undefined> {
  if (project.getProvidedContext().lab) return undefined;
  const drills = await selectDrills([]);
  return provideLab(
    project,
    drills.flatMap(({ plan }) => plan.images ?? []),
    requiredEngineVersions(drills, undefined),
  );
}

/** Opens the lab, unless it is open, and hands it to the workers of the project. Returns the tear-down. */
export async function provideLab(
  project: TestProject,
  images: readonly ImageRecipe[],
  engineVersions: readonly EngineVersion[] = [],
): Promise<TearDown> {
  opened ??= openLab({ images, engineVersions, progress: (doing) => console.error(`lab: ${doing}`) });
  const lab = await opened.catch((cause: unknown) => {
    throw new Error(describeError(cause), { cause });
  });
  project.provide('lab', toLabFacts(lab));
  const finishRun = project.name === 'drills' ? await provideRun(project) : () => Promise.resolve();
  return async () => {
    await finishRun();
    await lab[Symbol.asyncDispose]();
  };
}

/** Gives every start of the drills, including a restart in watch mode, a run with a separate report. */
async function provideRun(project: TestProject): Promise<() => Promise<void>> {
  let run = await resolveSettings();
  const finish = async (): Promise<void> => {
    await writeRunReport(run.directory);
    console.error(`report: ${run.directory}/index.html`);
  };
  project.provide('run', run);
  project.onTestsRerun(async () => {
    await finish();
    run = await resolveSettings();
    project.provide('run', run);
  });
  return finish;
}
