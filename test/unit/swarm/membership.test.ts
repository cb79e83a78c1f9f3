// New nodes get tasks only when their ingress network knows the others.
import { expect, test } from 'vitest';
import type { MemberSpec, SwarmInit } from '../../../src/lab/engine/api.ts';
import type { Engine } from '../../../src/lab/engine/engine.ts';
import { EngineError } from '../../../src/lab/engine/errors.ts';
import { seconds } from '../../../src/support/clock.ts';
import { activateNodes, forceInitialisation } from '../../../src/swarm/membership.ts';
import type { Node } from '../../../src/swarm/node/node.ts';

/** A manager, and one node whose ingress network knows, at each question, the next of these lists of peers. */
function scripted(answers: (readonly string[] | Error)[]) {
  const updates: { asked: number; id: string; spec: MemberSpec }[] = [];
  let asked = 0;
  const spec: MemberSpec = { Role: 'worker', Availability: 'drain', Labels: { db: '1' } };
  const nodes = {
    inspect: async () => ({ Version: { Index: 1 }, Spec: spec }),
    update: async (id: string, _version: unknown, next: MemberSpec) =>
      void updates.push({ asked, id, spec: next }),
  };
  const networks = {
    async inspect() {
      const answer = answers[Math.min(asked++, answers.length - 1)] ?? [];
      if (answer instanceof Error) throw answer;
      return { Peers: answer.map((IP) => ({ IP })) };
    },
  };
  const manager = { name: 'm1', engine: { nodes } } as unknown as Node;
  const node = {
    name: 'w1',
    engine: { networks, info: async () => ({ Swarm: { NodeID: 'id-of-w1' } }) },
  } as unknown as Node;
  return { manager, node, updates };
}

test('activates a node when it knows all addresses, and keeps its labels', async () => {
  const none = new EngineError(404, 'network ingress not found');
  const { manager, node, updates } = scripted([none, ['a'], ['a', 'b']]);
  await activateNodes(manager, [node], ['a', 'b']);
  expect(updates).toEqual([
    { asked: 3, id: 'id-of-w1', spec: { Role: 'worker', Availability: 'active', Labels: { db: '1' } } },
  ]);
});

test('activates a node that never gets to know the others', async () => {
  const { manager, node, updates } = scripted([['a']]);
  await activateNodes(manager, [node], ['a', 'b'], seconds(0.1));
  expect(updates).toHaveLength(1);
});

const REQUEST = { ListenAddr: '0.0.0.0:2377', AdvertiseAddr: '192.0.2.1' };

/** An engine that answers a forced initialisation with `answer`. */
function initialising(answer?: Error) {
  const requests: SwarmInit[] = [];
  const init = async (request: SwarmInit) => {
    requests.push(request);
    if (answer) throw answer;
  };
  return { engine: { swarm: { init } } as unknown as Engine, requests };
}

test('forces a new cluster with what the request has', async () => {
  const { engine, requests } = initialising();
  await forceInitialisation(engine, REQUEST);
  expect(requests).toEqual([{ ...REQUEST, ForceNewCluster: true }]);
});

test.for([
  'context deadline exceeded',
  'error on listing clusters: rpc error: code = DeadlineExceeded desc = context deadline exceeded',
  "error on listing clusters: rpc error: code = Unknown desc = The swarm does not have a leader. It's possible that too few managers are online.",
])('goes on where the engine gave up its wait for a leader: %s', async (message) => {
  const { engine, requests } = initialising(new EngineError(500, message));
  await expect(forceInitialisation(engine, REQUEST)).resolves.toBeUndefined();
  expect(requests).toHaveLength(1);
});

test.for([
  new EngineError(503, 'This node is not a swarm manager.'),
  new EngineError(500, "manager stopped: can't initialize raft node"),
  new Error('context deadline exceeded'),
])('passes on that the initialisation failed: %s', async (error) => {
  await expect(forceInitialisation(initialising(error).engine, REQUEST)).rejects.toBe(error);
});
