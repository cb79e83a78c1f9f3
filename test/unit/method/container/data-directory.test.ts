// The directory of a server, located on its volume and filled again.
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import type { Program } from '../../../support/in-memory-engine.ts';
import { createInMemorySwarm } from '../../../support/in-memory-swarm.ts';
import { failureOf, finding } from '../../../support/method-lab.ts';
import { fillDirectory, findDataDirectory } from '../../../../src/method/container/data-directory.ts';
import { findTask } from '../../../../src/method/container/task.ts';

const stat: Program = () => ({ stdout: '999:999 700\n' });

test('returns volume, definition, path, owner and mode', async () => {
  const { swarm, engine, startService } = createInMemorySwarm({ stat });
  engine.fill('data', {}, { Labels: { purpose: 'rows' } });
  await startService('db', 'data');
  const task = await findTask({ swarm, service: 'db' });
  expect(await findDataDirectory(task, '/data/18/docker')).toEqual({
    image: 'server',
    volume: 'data',
    labels: { purpose: 'rows' },
    driver: 'local',
    options: {},
    path: '18/docker',
    owner: '999:999',
    mode: '700',
  });
});

test.for(['/tmp', '/database'])(
  'refuses the directory %s, which is not on the volume at /data',
  async (directory) => {
    const { swarm, startService } = createInMemorySwarm({ stat });
    await startService('db', 'data');
    const task = await findTask({ swarm, service: 'db' });
    expect(await failureOf(findDataDirectory(task, directory))).toMatchObject({
      ...finding('no-volume'),
      message: expect.stringContaining(directory),
      hint: expect.stringContaining('volume at /data'),
    });
  },
);

test('reports a failed program by its name, with its message', async () => {
  const { volume } = createInMemorySwarm({
    sh: () => ({ exitCode: 2, stderr: 'tar: Unexpected EOF in archive' }),
  });
  const directory = { path: '', owner: '999:999', mode: '700' };
  const filled = fillDirectory(volume('data'), directory, Readable.from([Buffer.from('half a tar')]));
  expect(await failureOf(filled)).toMatchObject({
    ...finding('tar-failed'),
    output: expect.stringContaining('Unexpected EOF in archive'),
  });
});
