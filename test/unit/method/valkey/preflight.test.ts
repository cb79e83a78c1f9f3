// What is refused before anything is stored. The replies are those of the client program of Valkey 8 with --json.
import { expect, test } from 'vitest';
import { valkeyAof } from '../../../../src/method/valkey/aof.ts';
import { valkeyRdb } from '../../../../src/method/valkey/rdb.ts';
import { createInMemorySwarm, InMemoryArtifact } from '../../../support/in-memory-swarm.ts';
import { failureOf, finding } from '../../../support/method-lab.ts';

const NO_KEYS = '["# Keyspace\\r\\n",[]]';
const ONE_KEY = '["# Keyspace\\r\\ndb0:keys=1,expires=0,avg_ttl=0\\r\\n",[]]';

/** A server that gives these replies, by the first word of a command. */
function createServer(replies: Readonly<Record<string, string>>) {
  const received: string[] = [];
  const lab = createInMemorySwarm({
    sh({ input }) {
      const commands = input
        .toString()
        .trimEnd()
        .split('\n')
        .map((line) => line.replaceAll('"', ''));
      received.push(...commands);
      const reply = (command: string): string =>
        replies[command] ?? replies[command.split(' ')[0] ?? ''] ?? '"OK"';
      return { stdout: `${commands.map(reply).join('\n')}\n` };
    },
  });
  return { ...lab, received };
}

const SOUND = { 'MODULE LIST': '[]', 'INFO cluster': '# Cluster\r\ncluster_enabled:0', EXEC: ONE_KEY };

test.for([
  [
    'modules-loaded',
    { 'MODULE LIST': '[["name","bf","ver",1],["name","search","ver",2]]' },
    'cache: the server has loaded modules (bf, search)',
  ],
  [
    'cluster-mode',
    { 'INFO cluster': '# Cluster\r\ncluster_enabled:1' },
    'cache: the server is a member of a cluster',
  ],
  ['empty-server', { EXEC: NO_KEYS }, 'cache: the server has no keys and no functions'],
] as const)('refuses a server before anything is stored: %s', async ([code, replies, message]) => {
  for (const method of [valkeyRdb(), valkeyAof()]) {
    const { swarm, startService, received } = createServer({ ...SOUND, ...replies });
    await startService('cache', 'data');
    const artifact = new InMemoryArtifact();
    expect(await failureOf(method.backup({ swarm, service: 'cache' }, artifact.writer))).toMatchObject({
      ...finding(code),
      message: expect.stringContaining(message),
    });
    expect(artifact.files.size).toBe(0);
    expect(received.filter((command) => /^(BGSAVE|CONFIG SET)/.test(command))).toEqual([]);
  }
});

test('logs in as the named user, and gives a hint where the default user is off', async () => {
  const { swarm, startService, received } = createServer({
    AUTH: 'error:"WRONGPASS invalid username-password pair"',
    MODULE: 'error:"NOAUTH Authentication required."',
  });
  await startService('cache', 'data');
  const { writer } = new InMemoryArtifact();
  const backUp = (user?: string) =>
    valkeyRdb().backup({ swarm, service: 'cache', ...(user && { user }) }, writer);
  expect(await failureOf(backUp())).toMatchObject({
    ...finding('refused'),
    message: expect.stringContaining('NOAUTH'),
    hint: expect.stringContaining('`user`'),
  });
  expect(await failureOf(backUp('backup'))).toMatchObject(finding('refused'));
  expect(received).toContain('AUTH backup ');
});
