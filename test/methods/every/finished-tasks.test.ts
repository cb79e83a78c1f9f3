// Services that have finished, and services in the middle of an update: a backup and a restore change neither, on a real engine.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tasksRunning } from '../../../src/check/tasks.ts';
import { runCheck } from '../../../src/drill/run-check.ts';
import type { ServiceMode } from '../../../src/lab/engine/api.ts';
import { dockerCp } from '../../../src/method/volume/docker-cp.ts';
import { swarmState } from '../../../src/method/swarm/swarm-state.ts';
import { waitUntil } from '../../../src/support/poll.ts';
import { readProgress } from '../../../src/swarm/service/convergence.ts';
import type { Swarm } from '../../../src/swarm/swarm.ts';
import { openArtifactStore } from '../../support/artifact-store.ts';
import {
  findingOf,
  inVolume,
  openTestSite,
  startUser,
  stateOf,
  type TestSite,
} from '../../support/volumes.ts';

const ONE = { Replicated: { Replicas: 1 } };
/** What has finished when the tests begin; each has the line `ran` in its file of the volume. */
const FINISHED: Readonly<Record<string, { readonly mode: ServiceMode; readonly restart?: string }>> = {
  job: { mode: { ReplicatedJob: {} } },
  'global-job': { mode: { GlobalJob: {} } },
  once: { mode: ONE, restart: 'none' },
  ended: { mode: ONE, restart: 'on-failure' },
};
const NAMES = Object.keys(FINISHED);
const stopped = dockerCp({ whileStopped: true });

let site: TestSite;
beforeAll(async () => {
  site = await openTestSite('finished-tasks');
  await startAll(site);
});
afterAll(() => site[Symbol.asyncDispose]());

async function startAll({ swarm, volume }: TestSite): Promise<void> {
  for (const [name, { mode, restart }] of Object.entries(FINISHED))
    await start(swarm, name, `echo ran >>/srv/${name}`, mode, restart);
  await startUser(volume('files'), 'web');
  await waitUntil('every service to finish', async () => {
    const finished = await finishedOf(swarm);
    return finished.length === NAMES.length ? { done: true } : { notYet: `finished: ${finished.join(', ')}` };
  });
}

async function start(swarm: Swarm, name: string, script: string, mode: ServiceMode, restart?: string) {
  const { engine } = await swarm.manager();
  const spec = {
    Name: name,
    Mode: mode,
    TaskTemplate: {
      ContainerSpec: {
        Image: swarm.imageOf('toolbox'),
        Command: ['sh', '-c', script],
        Mounts: [{ Type: 'volume', Source: 'files', Target: '/srv' }],
      },
      ...(restart !== undefined && { RestartPolicy: { Condition: restart } }),
    },
    EndpointSpec: { Mode: 'dnsrr' },
  };
  await engine.services.create(spec);
}

async function finishedOf(swarm: Swarm): Promise<string[]> {
  const progress = await readProgress((await swarm.manager()).engine);
  return progress.filter(({ finished }) => finished.length > 0).map(({ service }) => service.Spec.Name);
}

const runs = async (): Promise<Record<string, string>> =>
  Object.fromEntries(
    await Promise.all(
      NAMES.map(async (name): Promise<[string, string]> => [
        name,
        await inVolume(site.volume('files'), ['cat', `/data/${name}`]),
      ]),
    ),
  );

/** Runs `body` with another service, and removes it. */
async function withService(name: string, mode: ServiceMode, script: string, body: () => Promise<void>) {
  const { engine } = await site.swarm.manager();
  await start(site.swarm, name, script, mode, 'none');
  await body().finally(() => engine.services.remove(name));
}

test('the check "tasks running" counts what has finished as done', async () => {
  await site.swarm.converged();
  expect(await runCheck(tasksRunning(site.swarm))).toMatchObject({
    result: 'pass',
    compared: 6,
    detail: '2 tasks run, 4 have finished',
  });
});

test.for([
  ['job', { ReplicatedJob: {} }],
  ['service', ONE],
  ['global service', { Global: {} }],
] as const)('the check "tasks running" sees a %s that failed and is not restarted', async ([, mode]) => {
  await withService('broken', mode, 'exit 3', async () => {
    await waitUntil('the service to fail', async () => {
      const progress = await readProgress((await site.swarm.manager()).engine);
      return progress.some(({ failed }) => failed.length > 0) ? { done: true } : { notYet: 'it runs' };
    });
    const { result, differences } = await runCheck(tasksRunning(site.swarm));
    expect(result).toBe('fail');
    expect(differences.join('\n')).toMatch(/broken runs 0 of 1 tasks.*non-zero exit \(3\)/);
  });
});

test('a backup that stops services runs nothing a second time', async () => {
  const before = await runs();
  expect(before).toEqual(Object.fromEntries(NAMES.map((name) => [name, 'ran\n'])));
  const web = await stateOf(site.swarm, 'web');
  await using store = await openArtifactStore();
  const { stopped: downtimes } = await stopped.backup(site.volume('files'), store.writer);
  expect(downtimes).toEqual([{ what: 'service web', seconds: expect.any(Number) }]);
  expect(await stateOf(site.swarm, 'web')).toEqual(web);
  await site.swarm.converged();
  expect(await runs()).toEqual(before);
});

test('a backup refuses to interrupt a running job, and stops nothing', async () => {
  const web = await stateOf(site.swarm, 'web');
  await withService('long', { ReplicatedJob: {} }, 'sleep 600', async () => {
    await site.swarm.converged();
    await using store = await openArtifactStore();
    expect(await findingOf(stopped.backup(site.volume('files'), store.writer))).toMatchObject({
      code: 'not-pausable',
      message: 'service long: is a running job, and would run again from its beginning',
    });
    expect(await stateOf(site.swarm, 'web')).toEqual(web);
    await site.swarm.converged();
  });
});

test('a backup refuses to stop the engine of a running job, and makes a hot copy', async () => {
  const node = site.swarm.node('manager-1');
  await withService('long', { ReplicatedJob: {} }, 'sleep 600', async () => {
    await site.swarm.converged();
    await using store = await openArtifactStore();
    expect(await findingOf(swarmState().backup(site.swarm, store.writer))).toMatchObject({
      code: 'unfinished-tasks',
      message: expect.stringContaining('(long)'),
    });
    expect(site.swarm.node('manager-1').startedAt).toEqual(node.startedAt);
    await swarmState({ hot: true }).backup(site.swarm, store.writer);
    await site.swarm.converged();
  });
});

test('a backup that stops the engine leaves a service running that then exits with success', async () => {
  await start(site.swarm, 'polite', 'trap "exit 0" TERM; sleep 600 & wait', ONE, 'on-failure');
  try {
    await site.swarm.converged();
    await using store = await openArtifactStore();
    await swarmState().backup(site.swarm, store.writer);
    const progress = await readProgress((await site.swarm.manager()).engine);
    const polite = progress.find(({ service }) => service.Spec.Name === 'polite');
    expect(polite).toMatchObject({ desired: 1, finished: [], due: [{ Status: { State: 'running' } }] });
  } finally {
    await (await site.swarm.manager()).engine.services.remove('polite');
  }
});

test('a backup does not continue an update that is paused, as any change of the service would', async () => {
  const { engine } = await site.swarm.manager();
  await engine.services.create({
    ...(await engine.services.inspect('web')).Spec,
    Name: 'rolling',
    ...{ UpdateConfig: { Parallelism: 1, FailureAction: 'pause', Monitor: 2e9 } },
  });
  try {
    await site.swarm.converged();
    const inspect = () => engine.services.inspect('rolling');
    const { ID, Version, Spec } = await inspect();
    const ContainerSpec = { ...Spec.TaskTemplate.ContainerSpec, Command: ['false'] };
    await engine.services.update(ID, Version, {
      ...Spec,
      TaskTemplate: { ...Spec.TaskTemplate, ContainerSpec },
    });
    const state = async (): Promise<string> => (await inspect()).UpdateStatus?.State ?? 'none';
    await waitUntil('the update to pause', async () => {
      const now = await state();
      return now === 'paused' ? { done: true } : { notYet: now };
    });
    await using store = await openArtifactStore();
    expect(await findingOf(stopped.backup(site.volume('files'), store.writer))).toMatchObject({
      code: 'not-pausable',
      message: expect.stringContaining('its state is paused'),
    });
    expect(await state()).toBe('paused');
    // The reason for the refusal.
    const paused = await inspect();
    await engine.services.update(ID, paused.Version, { ...paused.Spec, Labels: { a: 'b' } });
    expect(await state()).not.toBe('paused');
  } finally {
    await engine.services.remove('rolling');
  }
});

test('a restore of the swarm state runs nothing a second time', async () => {
  await using place = await openTestSite('finished-restored');
  await startAll(place);
  await using store = await openArtifactStore();
  const state = swarmState();
  const metadata = await state.backup(place.swarm, store.writer);
  expect(metadata.stopped).toEqual([{ what: 'engine of manager-1', seconds: expect.any(Number) }]);
  const { site: home } = place.swarm;
  await place.swarm.node('manager-1').destroy();

  const restored = await state.restore(store.reader(metadata), home);
  await restored.removeLostMembers();
  await restored.converged();
  expect((await finishedOf(restored)).toSorted()).toEqual(NAMES.toSorted());
  expect(
    await inVolume({ swarm: restored, node: restored.node('manager-1'), name: 'files' }, ['ls', '/data']),
  ).toBe('');
  expect(await runCheck(tasksRunning(restored))).toMatchObject({ result: 'pass', compared: 6 });
});
