// Secrets that were created again without their values.
import { expect, test } from 'vitest';
import { Swarm } from 'swarm-drill';
import {
  createAgeIdentity,
  sealSecrets,
  type RebuildTarget,
  type RebuiltServices,
} from 'swarm-drill/workload';
import drill from '../../drills/rebuilt-secrets.drill.ts';
import { notes } from '../../fixtures/notes/notes.ts';
import type { Volume } from '../../src/method/container/volume.ts';
import type { Kept } from '../../src/vault/vault.ts';
import { differencesOf, failedChecks, naive } from '../support/scenario.ts';

test('creates secrets from what inspect returns: the name, and a placeholder for the value', async () => {
  const report = await naive(drill, {
    async restore({ site, kept }) {
      const { identity, recipient } = await createAgeIdentity();
      const sealed = await sealSecrets(new Map([['notes_key', Buffer.from('change me')]]), recipient);
      const swarm = await Swarm.start(site, drill.plan.topology);
      const services = kept['services'] as Kept<RebuildTarget, RebuiltServices>;
      const { labels } = await services.restoreInto({
        swarm,
        secrets: { sealed: async () => sealed, identity: async () => identity },
        holdBack: 'node labels',
      });
      const pad = await notes.restoreInto(swarm, { files: kept['files'] as Kept<Volume, void> }, labels);
      return { swarm, pad, app: pad };
    },
  });
  expect(failedChecks(report)).toContain('mounted files match');
  expect(failedChecks(report)).not.toContain('inventory matches');
  expect(differencesOf(report, 'mounted files match')).toEqual([
    'mounted file: /run/secrets/notes_key in notes_pad: its bytes differ',
  ]);
  expect(report.verdict).toBe('not-recovered');
});
