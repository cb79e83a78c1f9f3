// Takes a volume from services that started before their data was restored.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { evictAndEmptyVolume } from '../../src/method/container/evict.ts';
import { monotonic, seconds } from '../../src/support/clock.ts';
import { waitUntil } from '../../src/support/poll.ts';
import { inVolume, openTestSite, type TestSite } from '../support/volumes.ts';

let site: TestSite;
beforeAll(async () => {
  site = await openTestSite('evict');
});
afterAll(() => site[Symbol.asyncDispose]());

/** Ignores SIGTERM; a stop would take ten minutes. */
const IGNORES_SIGTERM =
  'import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); open("/srv/early", "w"); signal.pause()';

/** Starts a service whose constraint needs a label, and waits until its task has written into `volume`. */
async function startTooEarly(volume: string): Promise<void> {
  const { swarm } = site;
  const { engine } = await swarm.manager();
  await swarm.label('manager-1', { [volume]: 'here' });
  await engine.services.create({
    Name: volume,
    TaskTemplate: {
      ContainerSpec: {
        Image: swarm.imageOf('toolbox'),
        Command: ['python3', '-c', IGNORES_SIGTERM],
        StopGracePeriod: 600e9,
        Mounts: [{ Type: 'volume', Source: volume, Target: '/srv' }],
      },
      RestartPolicy: { Delay: 0 },
      Placement: { Constraints: [`node.labels.${volume} == here`] },
    },
    EndpointSpec: { Mode: 'dnsrr' },
  } as never);
  await swarm.converged();
  await waitUntil('it to write', async () => {
    const there = await inVolume(site.volume(volume), ['ls', '/data']);
    return there === 'early\n' ? { done: true } : { notYet: there };
  });
}

test('kills a task that ignores SIGTERM, and empties the volume', async () => {
  await startTooEarly('busy');
  await site.swarm.replaceLostMembers();
  const began = monotonic();
  await evictAndEmptyVolume(site.volume('busy'));
  expect(monotonic() - began).toBeLessThan(20);
  expect(await inVolume(site.volume('busy'), ['ls', '-A', '/data'])).toBe('');
});

test('names a container outside of any service, and leaves it running', async () => {
  const { node } = site.volume('others');
  const other = await node.engine.containers.create({
    name: 'stranger',
    Image: site.swarm.imageOf('toolbox'),
    Entrypoint: ['sleep', '1000'],
    HostConfig: { Binds: ['others:/srv'], NetworkMode: 'none' },
  });
  await node.engine.containers.start(other);
  await expect(evictAndEmptyVolume(site.volume('others'), seconds(1))).rejects.toThrow(
    /the volume others to be free: stranger still uses it/,
  );
  expect((await node.engine.containers.inspect(other)).State.Running).toBe(true);
  await node.engine.containers.remove(other);
});
