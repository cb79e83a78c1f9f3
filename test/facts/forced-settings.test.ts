// docs/swarm-facts.md: which settings of the swarm a forced initialisation changes without being asked to.
import { describe, expect, test } from 'vitest';
import { ENGINE_VERSIONS } from '../../src/lab/image/engine-versions.ts';
import { failureOf } from '../support/method-lab.ts';
import { seconds } from '../../src/support/clock.ts';
import { waitUntil } from '../../src/support/poll.ts';
import type { Node } from '../../src/swarm/node/node.ts';
import { docker, forceNewCluster, initSwarm, openFactSite, untilManaging } from '../support/facts.ts';

/** Returns the swarm as `docker info` has it. */
const cluster = async (node: Node) =>
  JSON.parse(await docker(node, 'info', '--format', '{{json .Swarm.Cluster}}')) as {
    readonly Spec: {
      readonly EncryptionConfig: { readonly AutoLockManagers: boolean };
      readonly CAConfig: { readonly ForceRotate?: number };
    };
    readonly RootRotationInProgress: boolean;
    readonly DataPathPort: number;
    readonly TLSInfo: { readonly TrustRoot: string };
  };

const untilRotated = (node: Node): Promise<true> =>
  waitUntil(
    'the rotation',
    async () =>
      (await cluster(node)).RootRotationInProgress ? { notYet: 'in progress' } : { done: true as const },
    { limit: seconds(60) },
  );

const rootCa = (node: Node): Promise<string> => docker(node, 'swarm', 'ca');

describe.each(ENGINE_VERSIONS)('engine %s', (version) => {
  test.each([['without --autolock'], ['with it', '--autolock']])(
    'is refused on an autolocked manager, %s, and leaves it locked',
    async (_, ...options) => {
      await using site = await openFactSite(`autolock${options.length}`, version);
      const node = await site.node();
      await initSwarm(node, '--autolock');
      const key = await docker(node, 'swarm', 'unlock-key', '--quiet');
      // A manager whose engine was started without its key is a new one to the command, also where it was unlocked before.
      const refusal = String(await failureOf(forceNewCluster(node, ...options)));
      expect(refusal).toContain('Swarm is encrypted and needs to be unlocked');

      const again = await (await node.stop(seconds(5))).start();
      expect(await docker(again, 'info', '--format', '{{.Swarm.LocalNodeState}}')).toBe('locked');
      await again.exec(['docker', 'swarm', 'unlock'], { input: `${key}\n` });
      await untilManaging(again);
      expect((await cluster(again)).Spec.EncryptionConfig.AutoLockManagers).toBe(true);
    },
  );

  test('starts another rotation of the root certificate if there ever was one', async () => {
    await using site = await openFactSite('rotation', version);
    const node = await site.node();
    await initSwarm(node);
    const original = await rootCa(node);
    await forceNewCluster(node);
    await untilManaging(node);
    await untilRotated(node);
    expect(await rootCa(node)).toBe(original);

    await docker(node, 'swarm', 'ca', '--rotate', '--quiet');
    await untilRotated(node);
    const rotated = await rootCa(node);
    expect(rotated).not.toBe(original);
    expect((await cluster(node)).Spec.CAConfig.ForceRotate).toBe(1);
    await forceNewCluster(node);
    await untilManaging(node);
    await untilRotated(node);
    expect((await cluster(node)).Spec.CAConfig.ForceRotate ?? 0).toBe(0);
    expect(await rootCa(node)).not.toBe(rotated);
  });

  test('keeps the data path port, also when another is asked for', async () => {
    await using site = await openFactSite('port', version);
    const node = await site.node();
    await initSwarm(node, '--data-path-port', '7777');
    await forceNewCluster(node, '--data-path-port', '8888');
    await untilManaging(node);
    expect((await cluster(node)).DataPathPort).toBe(7777);
  });
});
