// Taking a volume from services that started before their data was there.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { evictAndEmptyVolume } from '../../src/method/container/evict.ts';
import { monotonic, seconds } from '../../src/support/clock.ts';
import { waitUntil } from '../../src/support/poll.ts';
import { inVolume, openTestSite, type TestSite } from '../support/volumes.ts';

let place: TestSite;
beforeAll(async () => {
  place = await openTestSite('vacate');
});
afterAll(() => place[Symbol.asyncDispose]());

/** Deaf to a stop, which would take ten minutes. */
const DEAF =
  'import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); open("/srv/early", "w"); signal.pause()';

/** A service that only a label lets start, with a task that has begun to write into `volume`. */
async function startedTooEarly(volume: string): Promise<void> {
  const { swarm } = place;
  const { engine } = await swarm.manager();
  await swarm.label('manager-1', { [volume]: 'here' });
  await engine.services.create({
    Name: volume,
    TaskTemplate: {
      ContainerSpec: {
        Image: swarm.imageOf('toolbox'),
        Command: ['python3', '-c', DEAF],
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
    const there = await inVolume(place.volume(volume), ['ls', '/data']);
    return there === 'early\n' ? { done: true } : { notYet: there };
  });
}

test('a task that does not stop is killed, and the volume is empty', async () => {
  await startedTooEarly('deaf');
  await place.swarm.replaceLostMembers();
  const began = monotonic();
  await evictAndEmptyVolume(place.volume('deaf'));
  expect(monotonic() - began).toBeLessThan(20);
  expect(await inVolume(place.volume('deaf'), ['ls', '-A', '/data'])).toBe('');
});

test('a container that is no task of the swarm is let be, and named', async () => {
  const { node } = place.volume('others');
  const other = await node.engine.containers.create({
    name: 'somebody-else',
    Image: place.swarm.imageOf('toolbox'),
    Entrypoint: ['sleep', '1000'],
    HostConfig: { Binds: ['others:/srv'], NetworkMode: 'none' },
  });
  await node.engine.containers.start(other);
  await expect(evictAndEmptyVolume(place.volume('others'), seconds(1))).rejects.toThrow(
    /the volume others to be free: somebody-else still uses it/,
  );
  expect((await node.engine.containers.inspect(other)).State.Running).toBe(true);
  await node.engine.containers.remove(other);
});
