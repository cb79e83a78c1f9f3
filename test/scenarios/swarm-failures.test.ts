// Recoveries of swarms that look right and are not: each ends red by the check that was made for it.
import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import expiredCertificates from '../../drills/expired-certificates.drill.ts';
import fencedCluster from '../../drills/fenced-cluster.drill.ts';
import hotCopy from '../../drills/hot-copy.drill.ts';
import { oneOfThree, single } from '../../drills/damaged-log.drill.ts';
import { Notes } from '../../fixtures/notes/notes.ts';
import { checks, methods, recoveries, seconds, type Node, type Swarm } from '../../src/index.ts';
import type { Plan } from '../../src/drill/plan.ts';
import { outcome, resultOf } from '../support/control.ts';
import { untilManaging } from '../support/facts.ts';

const plans: Readonly<Record<string, Plan>> = {
  expiredCertificates: expiredCertificates.plan,
  fencedCluster: fencedCluster.plan,
  hotCopy: hotCopy.plan,
  oneOfThree: oneOfThree.plan,
  single: single.plan,
};
const planOf = (name: string): Plan => plans[name] as Plan;

test('damaged log: asks only whether the engine answers', async () => {
  const report = await outcome(() => ({
    ...planOf('oneOfThree'),
    async restore({ survivors }) {
      const { others, startBroken } = survivors as { others: Swarm; startBroken: () => Promise<Node> };
      // It returns when the engine answers.
      const broken = await startBroken();
      await broken.engine.ping();
      const pad = new Notes(others);
      return { swarm: others, pad, app: pad };
    },
    verify: ({ restored: { swarm } }) => [checks.nodesActive(swarm), checks.tasksRunning(swarm)],
  }));
  expect(resultOf(report, 'nodes active')).toMatchObject({
    result: 'fail',
    differences: [expect.stringMatching(/^manager-3: expected active, got error .*(WAL|raft)/)],
  });
  expect(report.verdict).toBe('not-recovered');
});

test('old cluster alive: restores the backup without fencing it', async () => {
  const report = await outcome(() => ({
    ...planOf('fencedCluster'),
    async restore({ site, kept }) {
      const swarm = (await kept['state']?.restoreInto(site)) as Swarm;
      const pad = new Notes(swarm);
      return { swarm, pad, app: pad };
    },
  }));
  expect(report).toMatchObject({
    verdict: 'not-recovered',
    failure: {
      phase: 'restore',
      reason: expect.stringMatching(
        /^other managers of the swarm run .*two swarms with one identity/,
      ) as string,
    },
  });
});

test('old cluster alive: its managers come back after the restore', async () => {
  const report = await outcome(() => ({
    ...planOf('fencedCluster'),
    async restore({ site, kept, survivors }) {
      const old = (survivors as Swarm).managers;
      const fenced = await recoveries.fenceNodes(old);
      const swarm = (await kept['state']?.restoreInto(site)) as Swarm;
      await recoveries.reconnectNodes(swarm, (survivors as Swarm).workers);
      await swarm.converged();
      const back = await Promise.all(fenced.map((node) => node.start()));
      for (const node of back) await untilManaging(node);
      const pad = new Notes(swarm);
      return { swarm, pad, app: pad, old: back };
    },
    verify: fencedCluster.plan.verify,
  }));
  expect(resultOf(report, 'only one cluster')).toMatchObject({
    result: 'fail',
    differences: Array(2).fill(
      expect.stringMatching(/of the old cluster still manages a swarm with the same id$/),
    ) as string[],
  });
  expect(report.verdict).toBe('not-recovered');
});

test('expired certificates: the check sees a certificate that was not renewed', async () => {
  const report = await outcome(() => ({
    ...planOf('expiredCertificates'),
    async restore(context) {
      const restored = await expiredCertificates.plan.restore(context);
      const [node] = restored.swarm.nodes;
      const path = '/var/lib/docker/swarm/certificates/swarm-node.crt';
      const now = new X509Certificate((await node?.exec(['cat', path])) ?? '');
      expect(new Date(now.validTo).getTime()).toBeGreaterThan(Date.now());
      await node?.exec(['sh', '-c', `cat >${path}`], { input: EXPIRED });
      return restored;
    },
  }));
  expect(resultOf(report, 'certificates valid')).toMatchObject({
    result: 'fail',
    differences: [expect.stringMatching(/^manager-1: its certificate has expired on 2020-/)],
  });
  expect(report.verdict).toBe('not-recovered');
});

test('hot copy: an idle swarm proves nothing about a hot copy', async () => {
  const report = await outcome(() => ({
    ...planOf('hotCopy'),
    async backup({ swarm, vault }) {
      return {
        state: await vault.keep(methods.swarmState({ hot: true }), swarm),
        files: await vault.keep(methods.volumeArchive(), await new Notes(swarm).volume()),
      };
    },
  }));
  expect(resultOf(report, 'changes from before the copy present')).toMatchObject({
    result: 'unproven',
    detail: 'there was nothing to compare',
  });
  expect(report.verdict).toBe('inconclusive');
});

test('hot copy: the check sees a change that is missing', async () => {
  const report = await outcome(() => ({
    ...planOf('hotCopy'),
    firstResponseLimit: seconds(30),
    async restore(context) {
      const restored = await hotCopy.plan.restore(context);
      await (await restored.swarm.manager()).engine.configs.remove('written-3');
      return restored;
    },
  }));
  expect(resultOf(report, 'changes from before the copy present')).toMatchObject({
    result: 'fail',
    differences: ['config written-3: was acknowledged before the copy and is missing'],
  });
  expect(report.verdict).toBe('not-recovered');
});

/** A certificate whose end has passed. */
const EXPIRED = `-----BEGIN CERTIFICATE-----
MIIBEDCBt6ADAgECAgEBMAoGCCqGSM49BAMCMBIxEDAOBgNVBAMMB2V4cGlyZWQw
HhcNMjAwMTAxMDAwMDAwWhcNMjAwMzMxMDAwMDAwWjASMRAwDgYDVQQDDAdleHBp
cmVkMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEJ40Qa5WMFdnHOG+KaVV8qkO/
73LN6sgjnrMGtaLeNgk/ylHqEaABTnsYbKqAJeCFbKzSgzVCRWBbYMxSSeOqCTAK
BggqhkjOPQQDAgNIADBFAiBWXN8/fl8iQcYo9cmZcAwXT0iCMFJiT/+kKIZTKHZ+
8AIhAK2w2EM0GljykKMurDerEc8m4aGKwtQtZdpGv6/gpcPL
-----END CERTIFICATE-----
`;
