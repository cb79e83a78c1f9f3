// The trap of a kernel without IPVS: every task runs, and a virtual IP carries no traffic.
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import withoutIpvs from '../../drills/without-ipvs.drill.ts';
import { notes } from '../../fixtures/notes/notes.ts';
import { VIRTUAL_IP, WITH_READERS } from '../../fixtures/notes/variants.ts';
import { outcome, resultOf } from '../support/control.ts';

test('without IPVS every task runs, and no reader reaches the virtual IP; with it, each does', async () => {
  const { plan } = withoutIpvs;
  const report = await outcome(() => ({
    ...plan,
    async seed({ swarm, seed, size }) {
      const pad = await notes.deploy(swarm, { seed, size, changes: [...WITH_READERS, ...VIRTUAL_IP] });
      return { app: pad, pad };
    },
  }));
  expect(resultOf(report, 'tasks running')).toMatchObject({ result: 'pass' });
  // The kernel decides which of the two this machine can show.
  const hasIpvs = existsSync('/proc/net/ip_vs');
  expect(resultOf(report, 'readers reach notes')).toMatchObject(
    hasIpvs
      ? { result: 'pass', compared: 2 }
      : { result: 'fail', compared: 2, differences: [expect.any(String), expect.any(String)] },
  );
  expect(report.verdict).toBe(hasIpvs ? 'recovered' : 'not-recovered');
});
