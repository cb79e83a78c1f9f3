// Services that are stopped for a backup run again as they were, in every case.
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, expect, test, vi } from 'vitest';
import { withTrace } from '../../../../src/support/trace.ts';
import { failureOf, finding } from '../../../support/method-lab.ts';
import { createInMemorySwarm, type InMemorySwarm } from '../../../support/in-memory-swarm.ts';
import { withServicesStopped, withVolumeUnused } from '../../../../src/method/container/stop-services.ts';

let lab: InMemorySwarm;
let before: unknown;

beforeEach(async () => {
  lab = createInMemorySwarm({}, { workers: 1 });
  lab.engine.fill('files', { a: 'b' });
  await lab.startService('web', 'files', { Replicated: { Replicas: 2 } });
  before = await lab.stateOf('web');
  expect(before).toMatchObject({ running: [1, 1] });
});

test('stops every task for the backup, and starts them again', async () => {
  await withVolumeUnused(lab.volume('files'), async () =>
    expect(await lab.stateOf('web')).toMatchObject({
      running: [0, 0],
      mode: { Replicated: { Replicas: 0 } },
    }),
  );
  expect(await lab.stateOf('web')).toEqual(before);
});

test('starts the service again when the backup fails', async () => {
  const refused = withVolumeUnused(lab.volume('files'), () => Promise.reject(new Error('the vault is full')));
  await expect(refused).rejects.toThrow('the vault is full');
  expect(await lab.stateOf('web')).toEqual(before);
});

test('starts the service again when the drill is stopped', async () => {
  const ctrlC = new AbortController();
  const sink = { stepStarted: () => {}, stepEnded: () => {}, waiting: () => {} };
  const stopped = withTrace(sink, ctrlC.signal, () =>
    withServicesStopped(lab.swarm, ['web'], async () => {
      ctrlC.abort(new Error('stopped by a user'));
      ctrlC.signal.throwIfAborted();
    }),
  );
  await expect(stopped).rejects.toThrow('stopped by a user');
  expect(await lab.stateOf('web')).toEqual(before);
});

test('starts the service again after the next backup, when one was killed half-way', async () => {
  await new Promise<void>((killed) => {
    void withServicesStopped(lab.swarm, ['web'], () => {
      killed();
      return new Promise(() => {});
    });
  });
  expect(await lab.stateOf('web')).toMatchObject({ mode: { Replicated: { Replicas: 0 } } });
  await withVolumeUnused(lab.volume('files'), async () => {});
  expect(await lab.stateOf('web')).toEqual(before);
});

test('changes a service once to start it: the swarm drops a waiting task of a service that is changed again', async () => {
  const update = vi.spyOn(lab.engine.services, 'update');
  await withServicesStopped(lab.swarm, ['web'], async () => update.mockClear());
  expect(update).toHaveBeenCalledOnce();
  expect(await lab.stateOf('web')).toEqual(before);
});

test('keeps a stopped service stopped', async () => {
  await lab.startService('batch', 'files', { Replicated: { Replicas: 0 } });
  const stopped = await lab.stateOf('batch');
  await withVolumeUnused(lab.volume('files'), async () => {});
  expect(await lab.stateOf('batch')).toEqual(stopped);
});

const ONE = { Replicated: { Replicas: 1 } };

test.for([
  ['job', { ReplicatedJob: { TotalCompletions: 2 } }, 'any'],
  ['global job', { GlobalJob: {} }, 'any'],
  ['service that ran once', ONE, 'none'],
  ['service that ended well', ONE, 'on-failure'],
  ['global service that ran once', { Global: {} }, 'none'],
] as const)('never runs a finished %s again', async ([, mode, restart]) => {
  await lab.startService('migrate', 'files', mode, restart);
  lab.endTasks('migrate');
  const migrated = [await lab.stateOf('migrate'), lab.startsOf('migrate')];
  const stopped = await withVolumeUnused(lab.volume('files'), async () => {});
  expect(stopped.map(({ what }) => what)).toEqual(['service web']);
  expect([await lab.stateOf('migrate'), lab.startsOf('migrate')]).toEqual(migrated);
  expect(await lab.stateOf('web')).toEqual(before);
});

test('never runs a failed service again that Swarm does not restart', async () => {
  await lab.startService('migrate', 'files', ONE, 'none');
  lab.endTasks('migrate', { exitCode: 1 });
  await withVolumeUnused(lab.volume('files'), async () => {});
  expect(lab.startsOf('migrate')).toBe(1);
});

test('stops and starts a server that is restarted on failure', async () => {
  await lab.startService('server', 'files', ONE, 'on-failure');
  const server = await lab.stateOf('server');
  const stopped = await withVolumeUnused(lab.volume('files'), async () => {
    expect(await lab.stateOf('server')).toMatchObject({ running: [0, 0] });
  });
  expect(stopped.map(({ what }) => what).sort()).toEqual(['service server', 'service web']);
  expect(await lab.stateOf('server')).toEqual(server);
});

test('says what it stopped, and for how long', async () => {
  const pause = 0.05;
  const stopped = await withVolumeUnused(lab.volume('files'), () => sleep(pause * 1000));
  expect(stopped).toEqual([{ what: 'service web', seconds: expect.any(Number) }]);
  expect(stopped[0]?.seconds).toBeGreaterThanOrEqual(pause);
});

test('names a service that does not exist', async () => {
  expect(await failureOf(withServicesStopped(lab.swarm, ['wbe'], async () => {}))).toMatchObject({
    ...finding('no-service'),
    message: expect.stringContaining('wbe'),
  });
});

test.for(['updating', 'paused', 'rollback_started', 'rollback_paused'])(
  'refuses a service whose update is unfinished (%s), and changes nothing',
  async (State) => {
    const service = await lab.engine.services.inspect('web');
    lab.cluster.services.set(service.ID, { ...service, UpdateStatus: { State } });
    expect(await failureOf(withVolumeUnused(lab.volume('files'), async () => {}))).toMatchObject({
      ...finding('not-pausable'),
      message: expect.stringContaining(State),
    });
    expect(lab.cluster.services.get(service.ID)).toMatchObject({
      Version: service.Version,
      UpdateStatus: { State },
    });
  },
);

test('refuses a service of which one task has finished, and stops no service', async () => {
  await lab.startService('workers', 'files', { Replicated: { Replicas: 2 } }, 'on-failure');
  lab.endTasks('workers', { count: 1 });
  expect(await failureOf(withVolumeUnused(lab.volume('files'), async () => {}))).toMatchObject({
    ...finding('not-pausable'),
    message: 'service workers: has 1 tasks that have ended, which would run again',
  });
  expect(lab.startsOf('workers')).toBe(2);
  expect(await lab.stateOf('web')).toEqual(before);
});

test.for([
  ['global service', { Global: {} }, 'any'],
  ['job', { ReplicatedJob: {} }, 'any'],
  ['service that runs once', ONE, 'none'],
] as const)('refuses a running %s, and stops no service', async ([, mode, restart]) => {
  await lab.startService('agent', 'files', mode, restart);
  const agent = await lab.stateOf('agent');
  const refused = withVolumeUnused(lab.volume('files'), async () => {});
  expect(await failureOf(refused)).toMatchObject({
    ...finding('not-pausable'),
    message: expect.stringContaining('agent'),
  });
  expect(await lab.stateOf('agent')).toEqual(agent);
  expect(await lab.stateOf('web')).toEqual(before);
});

test('refuses a copy during which a container used the volume', async () => {
  const { containers } = lab.engine;
  const HostConfig = { Binds: ['files:/data'] };
  const refused = withVolumeUnused(lab.volume('files'), async () => {
    const cron = await containers.create({ name: 'cron', Image: 'toolbox', HostConfig });
    await containers.start(cron);
    await containers.stop(cron);
  });
  expect(await failureOf(refused)).toMatchObject({
    ...finding('volume-in-use'),
    message: 'volume files: used during the backup by cron',
  });
  expect(await lab.stateOf('web')).toEqual(before);
});

test('refuses a volume that another container uses, and starts the service again', async () => {
  const { containers } = lab.engine;
  const HostConfig = { Binds: ['files:/data'] };
  await containers.start(await containers.create({ name: 'stranger', Image: 'toolbox', HostConfig }));
  const refused = withVolumeUnused(lab.volume('files'), async () => {});
  expect(await failureOf(refused)).toMatchObject({
    ...finding('volume-in-use'),
    message: expect.stringContaining('stranger'),
  });
  expect(await lab.stateOf('web')).toEqual(before);
});
