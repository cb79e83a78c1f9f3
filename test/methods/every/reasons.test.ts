// The reasons of what fails on a real swarm: the tool's own line, the task's own error, and an early end of waits that can't succeed.
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { disasters } from '../../../src/index.ts';
import { monotonic, seconds } from '../../../src/support/clock.ts';
import { Scope } from '../../../src/support/scope.ts';
import { Site } from '../../../src/swarm/site.ts';
import { Swarm } from '../../../src/swarm/swarm.ts';
import { outcome } from '../../support/control.ts';
import { failureOf } from '../../support/method-lab.ts';

const scope = new Scope();
let swarm: Swarm;

beforeAll(async () => {
  const site = await Site.open({
    lab: inject('lab'),
    run: `reasons-${process.pid}`,
    drill: 'reasons',
    scope,
  });
  swarm = await Swarm.start(site, { managers: 1, workers: 0 });
});
afterAll(() => scope[Symbol.asyncDispose]());

test.concurrent.for([
  [
    'a bind source that is missing',
    (image: string) => `{ image: '${image}', command: [sleep, infinity], volumes: ['/srv/gone:/data'] }`,
    'invalid mount config for type "bind": bind source path does not exist: /srv/gone',
  ],
  [
    'an image that is missing',
    () => `{ image: 'registry.test/nothing:1', command: [sleep, infinity] }`,
    'No such image: registry.test/nothing:1',
  ],
  [
    'a constraint that no node satisfies',
    (image: string) =>
      `{ image: '${image}', deploy: { placement: { constraints: [node.labels.disk == fast] } } }`,
    'no suitable node (scheduling constraints not satisfied on 1 node)',
  ],
  [
    'a failed task that is not run again',
    (image: string) =>
      `{ image: '${image}', command: [sh, -c, 'exit 7'], deploy: { restart_policy: { condition: none } } }`,
    'task: non-zero exit (7)',
  ],
] as const)('names %s, and stops waiting', async ([title, service, error]) => {
  const stack = title.replaceAll(/\W+/g, '-');
  await swarm.deploy(stack, `services: { one: ${service(swarm.imageOf('toolbox'))} }`);
  const began = monotonic();
  const failure = await failureOf(swarm.converged(seconds(120), [`${stack}_one`]));
  expect(failure).toMatchObject({
    code: 'wait-given-up',
    message: expect.stringContaining(error) as string,
  });
  expect(monotonic() - began).toBeLessThan(60);
});

test('names the error of a task that ends by itself, and waits for it to run', async () => {
  const image = swarm.imageOf('toolbox');
  await swarm.deploy('ends', `services: { one: { image: '${image}', command: [sh, -c, 'exit 7'] } }`);
  const failure = await failureOf(swarm.converged(seconds(20), ['ends_one']));
  expect(failure).toMatchObject({
    code: 'wait-timeout',
    message: expect.stringContaining('task: non-zero exit (7)') as string,
  });
});

test('gives the client’s own line for a stack that it refuses', async () => {
  const failure = await failureOf(swarm.deploy('refused', 'services: { one: { image: x, false: 1 } }'));
  expect(failure).toMatchObject({
    code: 'command-failed',
    message: expect.stringMatching(/^docker stack deploy: .*false/) as string,
  });
});

test('finds a drill with a mistake in its own code inconclusive, names the line, and keeps the log of the lab', async () => {
  const written: string[] = [];
  const app = {
    write: async (id: string) => void written.push(id),
    present: async (ids: readonly string[]) => ids.filter((id) => written.includes(id)),
  };
  const nothing = {} as { readonly note: { restoreInto: (site: unknown) => Promise<Swarm> } };
  const report = await outcome(() => ({
    topology: { managers: 1, workers: 0 },
    objectives: {},
    seed: async () => ({ app }),
    backup: async () => ({}),
    drift: ({ write }) => write(1),
    disaster: ({ swarm: old }) => disasters.destroyAllNodes(old),
    restore: async ({ site }) => ({ app, swarm: await nothing.note.restoreInto(site) }),
    verify: () => [],
  }));
  expect(report).toMatchObject({
    verdict: 'inconclusive',
    failure: {
      phase: 'restore',
      blame: 'harness',
      reason: expect.stringMatching(/^test\/methods\/every\/reasons\.test\.ts:\d+: TypeError: /) as string,
    },
  });
  const logs = report.logs.map(({ node }) => node);
  expect(logs).toContain('manager-1-1');
  if (inject('lab').kind === 'embedded') expect(logs).toContain('lab-engine');
});
