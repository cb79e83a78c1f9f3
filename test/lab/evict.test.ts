// Takes a volume from services that started before their data was restored.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { evictAndEmptyVolume } from '../../src/method/container/evict.ts';
import { monotonic } from '../../src/support/clock.ts';
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
  await site.swarm.removeLostMembers();
  const began = monotonic();
  await evictAndEmptyVolume(site.volume('busy'));
  expect(monotonic() - began).toBeLessThan(20);
  expect(await inVolume(site.volume('busy'), ['ls', '-A', '/data'])).toBe('');
});
