// Mistakes in a drill's file are found before anything starts: the engine that is named here does not exist, and is never asked.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTypeCheck } from '../../src/cli/runner/type-check.ts';
import { ROOT, swarmDrill } from '../support/program.ts';

/** Below the project, where its package can be imported by its name, and in a directory that is not its source. */
let home: string;
let cache: string;
beforeAll(async () => {
  await mkdir(join(ROOT, 'reports'), { recursive: true });
  home = await mkdtemp(join(ROOT, 'reports', '.drills-'));
  cache = await mkdtemp(join(tmpdir(), 'swarm-drill-cache-'));
});
afterAll(async () => {
  await rm(home, { recursive: true });
  await rm(cache, { recursive: true });
  await rm(REPORTS, { recursive: true, force: true });
});

async function drillFile(name: string, text: string): Promise<string> {
  const file = join(home, `${name}.drill.ts`);
  await writeFile(file, text);
  return file;
}

const NO_ENGINE = ['--engine', 'unix:///nowhere/docker.sock'];
/** A run without a lab is reported, too. */
const REPORTS = join(tmpdir(), `swarm-drill-reports-${process.pid}`);
const PLAN = `
  topology: { managers: 1, workers: 0 },
  objectives: {},
  seed: async () => ({ app: { write: async () => {}, present: async () => [] } }),
  backup: async ({ swarm, vault }) => ({ state: await vault.keep(methods.swarmState(), swarm) }),
  disaster: ({ swarm }) => disasters.destroyAllNodes(swarm),
  verify: () => [],`;
const drillWith = (phases: string): string => `import { disasters, drill, methods } from 'swarm-drill';

export default drill('a drill with a mistake', {${PLAN}
  ${phases}
});
`;
const DRIFT = 'drift: ({ write }) => write(1),';
const RESTORE = 'restore: async ({ kept, site }) => ({ app: x, swarm: await kept.state.restoreInto(site) }),';

test.for([
  [
    'a phase that is missing',
    'no-drift',
    drillWith(RESTORE),
    ['drill no-drift: phase `drift` is missing', 'what to do: Add a function of that name'],
  ],
  [
    'a file that can’t be loaded',
    'throws',
    `import { seconds } from 'swarm-drill';\nexport const wrong = seconds(-1);\n`,
    [
      "throws.drill.ts can't be loaded: expected a duration of at least 0 seconds, got -1",
      'throws.drill.ts:2',
    ],
  ],
  ['a file without a drill', 'empty', 'export {};\n', ['empty.drill.ts declares no drill']],
] as const)('exits with 64 for %s, before anything starts', async ([, name, text, expected]) => {
  const { exitCode, stdout, stderr } = await swarmDrill('run', await drillFile(name, text), ...NO_ENGINE);
  expect({ exitCode, stdout }, stderr).toEqual({ exitCode: 64, stdout: '' });
  for (const part of expected) expect(stderr).toContain(part);
  expect(stderr).not.toContain('/nowhere/');
});

test('exits with 64 for a path outside of the project', async () => {
  const file = join(cache, 'outside.drill.ts');
  await writeFile(file, 'export {};');
  const { exitCode, stderr } = await swarmDrill('run', file, ...NO_ENGINE);
  expect(exitCode).toBe(64);
  expect(stderr).toContain(`expected a drill below ${ROOT}, got "${file}"`);
});

test('runs a drill that is named by its path', async () => {
  const { exitCode, stderr } = await swarmDrill(
    'run',
    'drills/single-manager.drill.ts',
    '--no-check',
    '--reports',
    REPORTS,
    ...NO_ENGINE,
  );
  expect(exitCode).toBe(2);
  expect(stderr).toContain('the engine at unix:///nowhere/docker.sock does not answer');
});

const typesOf = (file: string, print: (error: string) => void = () => {}): Promise<void> =>
  startTypeCheck([file], print).passed;

test('checks the types of a drill, and names file and line of an error', { timeout: 120_000 }, async () => {
  process.env['SWARM_DRILL_CACHE'] = cache;
  const wrong = await drillFile(
    'typo',
    drillWith(`${DRIFT}\n  ${RESTORE.replace('kept.state', 'kept.sate')}`),
  );
  const printed: string[] = [];
  const failure = await typesOf(wrong, (error) => printed.push(error)).catch((error: unknown) => error);
  const at = relative(process.cwd(), wrong);
  expect(failure).toMatchObject({
    blame: 'usage',
    message: expect.stringContaining(`${at}:11:`) as string,
    output: expect.stringContaining("Property 'sate' does not exist on type") as string,
    hint: expect.stringContaining('--no-check') as string,
  });
  expect(printed).toEqual([expect.stringContaining(`types: ${at}:11:`)]);
  await writeFile(wrong, drillWith(`${DRIFT}\n  ${RESTORE}`).replace('app: x', 'app: undefined as never'));
  await typesOf(wrong);
  // The second check asks no compiler: nothing has changed.
  const began = performance.now();
  await typesOf(wrong);
  expect(performance.now() - began).toBeLessThan(2000);
});
