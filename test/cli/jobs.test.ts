// Drills run in separate processes. These tests need no lab: their engine does not exist, or the drill ends before it asks for one.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startDrillProcess, type DrillEnd } from '../../src/cli/jobs/drill-process.ts';
import { JobRunner } from '../../src/cli/jobs/job-runner.ts';
import { completeJournal } from '../../src/cli/jobs/post-mortem.ts';
import type { TimeLimit } from '../../src/cli/jobs/time-limit.ts';
import type { RunSettings } from '../../src/cli/runner/settings.ts';
import type { Drill } from '../../src/drill/plan.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { writeDrillReport, writeRunReport } from '../../src/report/write.ts';
import { seconds } from '../../src/support/clock.ts';
import { asText, notRecoveredSample } from '../support/report/samples.ts';
import { ROOT } from '../support/program.ts';

const LAB: Lab = {
  host: 'unix:///nowhere/docker.sock',
  kind: 'engine',
  description: 'an engine that does not exist',
  images: [],
  template: 'none',
  async [Symbol.asyncDispose]() {},
};

/** Below the project, where its package can be imported by its name. */
let home: string;
let directory: string;
beforeEach(async () => {
  await mkdir(join(ROOT, 'reports'), { recursive: true });
  home = await mkdtemp(join(ROOT, 'reports', '.jobs-'));
  directory = await mkdtemp(join(tmpdir(), 'swarm-drill-test-'));
});
afterEach(async () => {
  await rm(home, { recursive: true });
  await rm(directory, { recursive: true });
});

const settings = (): RunSettings => ({
  runId: '0123456789abcdef',
  id: 'test',
  directory,
  seed: 's',
  size: 'small',
  keep: false,
  objectives: {},
});

/** A drill that reaches its engine, which is not there. */
const DECLARED = `import { disasters, drill } from 'swarm-drill';
export default drill('a drill', {
  topology: { managers: 1, workers: 0 }, objectives: {},
  seed: async () => ({}), backup: async () => ({}), drift: async () => {},
  disaster: ({ swarm }) => disasters.destroyAllNodes(swarm),
  restore: async () => ({}), verify: () => [],
});
`;

/** The program has not imported its file, so that what is in there happens in the process of the drill only. */
async function drill(name: string, before = ''): Promise<Drill> {
  const file = join(home, `${name}.drill.ts`);
  await writeFile(file, `${before}\n${DECLARED}`);
  return {
    name,
    title: name,
    file,
    plan: { topology: { managers: 1, workers: 0 }, objectives: {} } as Drill['plan'],
  };
}

function runnerFor(drills: readonly Drill[], jobs = 2, limit?: TimeLimit) {
  const printed: string[] = [];
  const place = { lab: LAB, address: LAB.host, machine: 'here', slots: 2, busy: 0 };
  const print = (text: string): void => void printed.push(text);
  return { printed, runner: new JobRunner({ drills, places: [place], jobs, limit, run: settings(), print }) };
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

async function reasons(): Promise<Record<string, string>> {
  const { drills } = await writeRunReport(directory);
  return Object.fromEntries(drills.map(({ name, verdict, reason }) => [name, `${verdict}: ${reason}`]));
}

test(
  'a drill that is killed, exits or throws is inconclusive with the reason, and the others run to their end',
  { timeout: 60_000 },
  async () => {
    const drills = [
      await drill('killed', "process.kill(process.pid, 'SIGKILL');"),
      await drill('exits', "console.log('about to exit'); process.exit(3);"),
      await drill('throws', "throw new Error('no such module');"),
    ];
    const { runner, printed } = runnerFor(drills, 3);
    await runner.run();
    expect(await reasons()).toEqual({
      killed: 'inconclusive: the harness stopped in plan: its process was killed by SIGKILL',
      exits: 'inconclusive: the harness stopped in plan: its process ended with exit code 3',
      throws: expect.stringContaining("throws.drill.ts can't be loaded: no such module") as string,
    });
    expect(printed).toContain('exits: about to exit');
  },
);

test(
  'an engine that does not answer gets no more drills, and those that waited say why',
  { timeout: 60_000 },
  async () => {
    const { runner, printed } = runnerFor([await drill('first'), await drill('second')], 1);
    await runner.run();
    expect(await reasons()).toEqual({
      first: expect.stringContaining('inconclusive: the harness stopped in provision: ') as string,
      second: expect.stringContaining(
        'it was not started: no engine answers any more (unix:///nowhere',
      ) as string,
    });
    expect(printed.join('\n')).toContain('the engine at unix:///nowhere/docker.sock gets no more drills');
  },
);

test('a run that is stopped starts no other drill', { timeout: 60_000 }, async () => {
  const { runner } = runnerFor([await drill('first'), await drill('second')], 1);
  const running = runner.run();
  runner.stop();
  await running;
  expect((await reasons())['second']).toBe(
    'inconclusive: the harness stopped in plan: it was not started: the run was stopped',
  );
});

test('a drill writes down which others run on its machine', { timeout: 60_000 }, async () => {
  const { runner } = runnerFor([await drill('first'), await drill('second')]);
  await runner.run();
  const { drills } = await writeRunReport(directory);
  const seen = drills.map(({ name, sideBySide }) => [
    name,
    ...new Set(sideBySide?.intervals.flatMap(({ others }) => others)),
  ]);
  // One may end before the other has its journal.
  expect(seen).toContainEqual(['second', 'first']);
});

test('kills a drill whose code never yields', { timeout: 60_000 }, async () => {
  const printed = Promise.withResolvers<string>();
  const hung = startDrillProcess({
    drill: await drill('hung', "console.log('hung'); for (;;);"),
    lab: LAB,
    run: settings(),
    others: [],
    print: printed.resolve,
  });
  expect(await printed.promise).toBe('hung');
  hung.stop({ reason: 'the drill was stopped' });
  expect(await Promise.race([hung.ended, sleep(500, 'still there')])).toBe('still there');
  hung.kill();
  expect(await hung.ended).toEqual<DrillEnd>({ kind: 'died', reason: 'its process was killed by SIGKILL' });
});

test('a drill that hangs is killed after its limit, and the run goes on', { timeout: 60_000 }, async () => {
  const drills = [await drill('hangs', 'for (;;);'), await drill('next')];
  const { runner } = runnerFor(drills, 1, { drill: seconds(3), stopping: seconds(0.5) });
  await runner.run();
  expect(await reasons()).toEqual({
    hangs:
      'inconclusive: the harness stopped in plan: it took longer than 3.0 s, the limit of a drill; it was stopped, did not end within 500 ms, and was killed',
    next: expect.stringContaining('it was not started: no engine answers any more') as string,
  });
});

test('what a drill started ends with it', { timeout: 60_000 }, async () => {
  const printed = Promise.withResolvers<string>();
  const orphaning = `import { spawn } from 'node:child_process';
    const child = spawn('sleep', ['1000'], { stdio: 'inherit' });
    child.once('spawn', () => { console.log(child.pid); process.kill(process.pid, 'SIGKILL'); });`;
  const { ended } = startDrillProcess({
    drill: await drill('orphaning', orphaning),
    lab: LAB,
    run: settings(),
    others: [],
    print: printed.resolve,
  });
  expect(await ended).toEqual<DrillEnd>({ kind: 'died', reason: 'its process was killed by SIGKILL' });
  const child = Number(await printed.promise);
  await expect.poll(() => isAlive(child), { timeout: 10_000 }).toBe(false);
});

test('a drill whose code never yields dies with the program', { timeout: 60_000 }, async () => {
  const { file } = await drill('orphan', 'console.log(`pid ${process.pid}`); for (;;);');
  const options = JSON.stringify({ drill: { name: 'orphan', file }, lab: LAB, run: settings(), others: [] });
  const starter = `import { startDrillProcess } from '${ROOT}/src/cli/jobs/drill-process.ts';
    startDrillProcess({ ...${options}, print: (line) => console.log(line) });`;
  const program = spawn(process.execPath, ['--input-type=module', '--eval', starter], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = await new Promise<number>((done) =>
    program.stdout.on('data', (text) => done(Number(/pid (\d+)/.exec(String(text))?.[1]))),
  );
  expect(isAlive(pid)).toBe(true);
  program.kill('SIGKILL');
  for (let tries = 0; tries < 100 && isAlive(pid); tries++) await sleep(50);
  expect(isAlive(pid)).toBe(false);
});

test('the journal of a drill that died gets the reason, and keeps what was recorded', async () => {
  const cut = asText(notRecoveredSample().filter(({ t }) => t < 80))
    .trimEnd()
    .slice(0, -5);
  await mkdir(join(directory, 'total-loss'));
  await writeFile(join(directory, 'total-loss', 'journal.jsonl'), cut);
  const completed = await completeJournal({
    directory: join(directory, 'total-loss'),
    end: { reason: 'its process was killed by SIGKILL' },
    drill: 'total-loss',
    run: settings(),
    lab: LAB,
    isReachable: false,
  });
  expect(completed).toBe(true);
  expect(await writeDrillReport(join(directory, 'total-loss'))).toMatchObject({
    verdict: 'inconclusive',
    reason: 'the harness stopped in restore: its process was killed by SIGKILL',
    title: 'total loss: the ledger comes back from the off-site backup',
    damagedLines: 1,
    complete: false,
  });
  const text = await readFile(join(directory, 'total-loss', 'journal.jsonl'), 'utf8');
  expect(text.startsWith(`${cut}\n`)).toBe(true);
});
