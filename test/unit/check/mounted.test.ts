// Mounted files of a swarm in memory, whose tasks print what the engine would have rendered for them.
import { expect, test } from 'vitest';
import { mountedFilesMatch, readMountedFiles } from '../../../src/check/mounted.ts';
import type { Observation } from '../../../src/model/check.ts';
import { createInMemorySwarm, type InMemorySwarm } from '../../support/in-memory-swarm.ts';

const SOURCE = 'node {{.Node.ID}} task {{.Task.ID}}';

interface Rendering {
  readonly source: string;
  /** What `cat` prints in the task of that id. */
  readonly print: (task: string) => string;
}

/** @param others how many other objects there are: each takes an id, so that tasks have other ids */
async function createSwarm({ source, print }: Rendering, others: number): Promise<InMemorySwarm> {
  const created: InMemorySwarm = createInMemorySwarm({
    cat: async () => {
      const [task] = await created.engine.tasks.list();
      return { stdout: print(task?.ID ?? '') };
    },
  });
  const { configs, networks, services } = created.engine;
  for (let number = 1; number <= others; number++) await networks.create({ Name: `network-${number}` });
  const Data = Buffer.from(source).toString('base64');
  const ConfigID = await configs.create({ Name: 'settings', Data, Templating: { Name: 'golang' } });
  const File = { Name: '/settings', UID: '0', GID: '0', Mode: 0o444 };
  const Configs = [{ ConfigID, ConfigName: 'settings', File }];
  await services.create({ Name: 'web', TaskTemplate: { ContainerSpec: { Image: 'server', Configs } } });
  return created;
}

async function compare(before: Rendering, after = before): Promise<Observation> {
  const old = await createSwarm(before, 0);
  const fresh = await createSwarm(after, 5);
  expect((await fresh.engine.tasks.list())[0]?.ID).not.toBe((await old.engine.tasks.list())[0]?.ID);
  return mountedFilesMatch(fresh.swarm, await readMountedFiles(old.swarm)).observe();
}

const good = { source: SOURCE, print: (task: string) => `node  task ${task}` };

test('finds a templated config equal that was rendered for another task', async () => {
  expect(await compare(good)).toMatchObject({ compared: 1, differences: [] });
});

test('finds another source that renders to the same bytes', async () => {
  const source = 'node  task {{.Task.ID}}';
  expect(await compare(good, { ...good, source })).toMatchObject({
    differences: ['mounted file: /settings in web: its bytes differ'],
  });
});

test('finds a file that is not what its template renders', async () => {
  expect(await compare(good, { ...good, print: () => 'node  task of another' })).toMatchObject({
    differences: [
      expect.stringMatching(/^mounted file: \/settings in web: .*not what its template renders in this task/),
    ],
  });
});
