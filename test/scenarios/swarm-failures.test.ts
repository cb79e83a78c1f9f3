// Recoveries of swarms that look right and are not: each ends red by the check that was made for it.
import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import expiredCertificates from '../../drills/expired-certificates.drill.ts';
import { oneOfThree } from '../../drills/damaged-log.drill.ts';
import { Notes } from '../../fixtures/notes/notes.ts';
import { checks, type Node, type Swarm } from '../../src/index.ts';
import type { Plan } from '../../src/drill/plan.ts';
import { outcome, resultOf } from '../support/control.ts';

const plans: Readonly<Record<string, Plan>> = {
  expiredCertificates: expiredCertificates.plan,
  oneOfThree: oneOfThree.plan,
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
