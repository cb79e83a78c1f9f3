// Services that are stopped for a backup run again as they were, in every case.
import { beforeEach, expect, test } from 'vitest';
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
  const during = await withVolumeUnused(lab.volume('files'), () => lab.stateOf('web'));
  expect(during).toMatchObject({ running: [0, 0], mode: { Replicated: { Replicas: 0 } } });
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

test('keeps a stopped service stopped', async () => {
  await lab.startService('batch', 'files', { Replicated: { Replicas: 0 } });
  const stopped = await lab.stateOf('batch');
  await withVolumeUnused(lab.volume('files'), async () => {});
  expect(await lab.stateOf('batch')).toEqual(stopped);
});

test.for([
  ['global service', { Global: {} }],
  ['job', { ReplicatedJob: {} }],
] as const)('refuses a %s, and stops no service', async ([, mode]) => {
  await lab.startService('agent', 'files', mode);
  const agent = await lab.stateOf('agent');
  const refused = withVolumeUnused(lab.volume('files'), async () => {});
  expect(await failureOf(refused)).toMatchObject({
    ...finding('not-pausable'),
    message: expect.stringContaining('agent'),
  });
  expect(await lab.stateOf('agent')).toEqual(agent);
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
