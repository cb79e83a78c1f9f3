// Nodes that are gone or down: none is asked in vain, and another one answers.
import { expect, test } from 'vitest';
import { createInMemorySwarm } from '../../support/in-memory-swarm.ts';
import { failureOf } from '../../support/method-lab.ts';

const SERVICE = 'shop_web';

/** A swarm whose service has a task on each of its nodes. */
async function swarmWithTasks() {
  const { swarm, startService } = createInMemorySwarm({}, { workers: 2 });
  await startService(SERVICE, 'files', { Global: {} });
  return swarm;
}

test('does not know a destroyed node any more', async () => {
  const swarm = await swarmWithTasks();
  await swarm.node('worker-1').destroy();
  expect(swarm.nodes.map(({ name }) => name)).toEqual(['manager-1', 'worker-2']);
  expect(swarm.workers.map(({ name }) => name)).toEqual(['worker-2']);
  expect(() => swarm.node('worker-1')).toThrow('there is no node "worker-1", only manager-1, worker-2');
});

test('asks the remaining nodes for a task', async () => {
  const swarm = await swarmWithTasks();
  await swarm.node('manager-1').destroy();
  expect((await swarm.taskContainer(SERVICE)).node.name).toBe('worker-1');
});

test('asks the next node when one does not answer, and names it when no other has a task', async () => {
  const swarm = await swarmWithTasks();
  const down = (name: string): void => {
    swarm.node(name).engine.containers.list = () => Promise.reject(new Error('container is not running'));
  };
  down('manager-1');
  expect((await swarm.nodeOf(SERVICE)).name).toBe('worker-1');
  down('worker-1');
  down('worker-2');
  expect(await failureOf(swarm.taskContainer(SERVICE))).toMatchObject({
    code: 'no-task',
    message: expect.stringContaining('no answer from manager-1: container is not running') as string,
  });
});

test('explains what a service misses', async () => {
  const { swarm, startService, engine } = createInMemorySwarm();
  await startService(SERVICE, 'files');
  expect(await swarm.explainMissing(SERVICE)).toBeUndefined();
  await engine.containers.kill((await swarm.taskContainer(SERVICE)).id);
  expect(await swarm.explainMissing(SERVICE)).toBe(`${SERVICE} runs 0 of 1 tasks (no container)`);
});
