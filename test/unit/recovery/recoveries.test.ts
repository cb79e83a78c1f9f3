import { expect, test, vi } from 'vitest';
import { attemptFailed } from '../../../src/check/attempt-failed.ts';
import { attemptInVain } from '../../../src/recovery/attempt.ts';
import { relabel } from '../../../src/recovery/relabel.ts';
import { removeMember } from '../../../src/recovery/remove-member.ts';
import { switchVolume } from '../../../src/recovery/switch-volume.ts';
import { createInMemorySwarm } from '../../support/in-memory-swarm.ts';
import { failureOf } from '../../support/method-lab.ts';

const fails = () => Promise.reject(new Error('the log can not be decrypted'));

test('returns why an attempt in vain failed, after it was put in order', async () => {
  const order: string[] = [];
  const attempt = await attemptInVain('restore raft/', fails, async () => order.push('cleaned up'));
  expect(attempt).toEqual({ what: 'restore raft/', reason: 'the log can not be decrypted' });
  expect(order).toEqual(['cleaned up']);
});

test('makes a finding of an attempt in vain that works', async () => {
  const failure = await failureOf(attemptInVain('restore raft/', () => Promise.resolve()));
  expect(failure).toMatchObject({ code: 'worked-anyway', blame: 'finding' });
});

test('accepts only the expected reason of an attempt', async () => {
  const attempt = await attemptInVain('restore raft/', fails);
  expect(await attemptFailed(attempt, /decrypted/).observe()).toMatchObject({ compared: 1, differences: [] });
  expect(await attemptFailed(attempt, /certificate/).observe()).toMatchObject({
    differences: ['expected it to fail with /certificate/, got: the log can not be decrypted'],
  });
});

test('sets labels, keeps those that a node has, and finds a node that is missing', async () => {
  const { swarm } = createInMemorySwarm({}, { workers: 1 });
  await swarm.label('worker-1', { disk: 'ssd' });
  await relabel(swarm, { 'manager-1': {}, 'worker-1': { data: 'ledger' } });
  const labels = (await swarm.members()).map(({ Spec }) => Spec.Labels);
  expect(labels).toContainEqual({ disk: 'ssd', data: 'ledger' });
  expect(await failureOf(relabel(swarm, { 'worker-2': { data: 'ledger' } }))).toMatchObject({
    code: 'no-node',
  });
});

test('refuses to switch a service to a volume that is not there, which the engine would create empty', async () => {
  const { swarm, startService } = createInMemorySwarm();
  await startService('shop_web', 'files');
  expect(await failureOf(switchVolume(swarm, 'shop_web', { from: 'files', to: 'restored' }))).toMatchObject({
    code: 'no-volume',
  });
  expect(await failureOf(switchVolume(swarm, 'shop_web', { from: 'other', to: 'files' }))).toMatchObject({
    code: 'no-mount',
  });
});

test('removes a lost manager that a forced new cluster has taken out of raft, so that it can not be demoted', async () => {
  const { swarm, engine, cluster } = createInMemorySwarm({}, { workers: 1 });
  const lost = (await swarm.members()).find(({ Description }) => Description.Hostname === 'worker-1');
  if (!lost) throw new Error('expected a member called worker-1');
  cluster.members.set(lost.ID, { ...lost, Spec: { ...lost.Spec, Role: 'manager' } });
  const refusal = new Error("rpc error: code = NotFound desc = can't find manager in raft memberlist");
  vi.spyOn(engine.nodes, 'update').mockRejectedValue(refusal);
  await removeMember(swarm, lost);
  expect((await swarm.members()).map(({ ID }) => ID)).not.toContain(lost.ID);
});
