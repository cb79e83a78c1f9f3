// Global set-up of the tests that start nodes of several engine versions: one lab with the images of all workloads and all versions.
import type { TestProject } from 'vitest/node';
import { workloadImages } from '../../fixtures/images/recipes.ts';
import { provideLab } from '../../src/cli/runner/vitest-lab.ts';
import { ENGINE_VERSIONS } from '../../src/lab/image/engine-versions.ts';

export default (project: TestProject): Promise<() => Promise<void>> =>
  provideLab(project, workloadImages, ENGINE_VERSIONS);
