// Before the first test that needs a lab: opens one for all of vitest's projects and tells the workers of it. A lab that the
// program has opened already is used as it is; then the program closes it, too.
import type { TestProject } from 'vitest/node';
import { workloadImages } from '../../../fixtures/images/recipes.ts';
import { openLab } from '../../lab/open.ts';
import type { Lab } from '../../lab/lab.ts';
import { writeRunReport } from '../../report/write.ts';
import { describe } from '../../support/errors.ts';
import { toLabFacts } from './lab-facts.ts';
import { resolveSettings } from './settings.ts';

let opened: Promise<Lab> | undefined;

export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (project.getProvidedContext().lab) return undefined;
  opened ??= openLab({ images: workloadImages, progress: (doing) => console.error(`lab: ${doing}`) });
  const lab = await opened.catch((cause: unknown) => {
    throw new Error(describe(cause), { cause });
  });
  project.provide('lab', toLabFacts(lab));
  const finishRun = project.name === 'drills' ? await provideRun(project) : () => Promise.resolve();
  return async () => {
    await finishRun();
    await lab[Symbol.asyncDispose]();
  };
}

/** Every start of the drills, a restart in watch mode too, is a run with a report of its own. */
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
