// Global set-up of the tests that need a lab: opens one with the images of all workloads.
import type { TestProject } from 'vitest/node';
import { workloadImages } from '../../fixtures/images/recipes.ts';
import { provideLab } from '../../src/cli/runner/vitest-lab.ts';

export default (project: TestProject): Promise<() => Promise<void>> => provideLab(project, workloadImages);
