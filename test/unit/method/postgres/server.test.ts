// How a server is found in its container, and what is refused at once.
import { expect, test } from 'vitest';
import type { ProgramResult, Programs } from '../../../support/in-memory-engine.ts';
import { createInMemorySwarm } from '../../../support/in-memory-swarm.ts';
import { failureOf, finding } from '../../../support/method-lab.ts';
import { connectionTo, findServer } from '../../../../src/method/postgres/server.ts';

const status = (name: string, pid: number, parent: number, id: string): string =>
  `Name:\t${name}\nUmask:\t0077\nPid:\t${pid}\nPPid:\t${parent}\nUid:\t${id}\t${id}\t${id}\t${id}\nGid:\t${id}\t${id}\t${id}\t${id}\n`;
const RUNNING = [
  status('docker-init', 1, 0, '0'),
  status('postgres', 7, 1, '1001'),
  status('postgres', 30, 7, '1001'),
  status('sh', 99, 0, '0'),
].join('');
const PID_FILE = '7\n/data\n1764150000\n5433\n/run/pg\n*\n 123\nready   \n';

interface Container {
  readonly statuses?: string;
  readonly pidFile?: string;
  readonly password?: string;
  readonly psql?: () => ProgramResult;
}

async function find({ statuses = RUNNING, pidFile = PID_FILE, password = '', psql = () => ({}) }: Container) {
  const sh: Programs[string] = ({ argv: [, , script = ''] }) => ({
    stdout: script.includes('/status') ? statuses : script.includes('postmaster.pid') ? pidFile : password,
  });
  const { swarm, startService } = createInMemorySwarm({ sh, psql });
  await startService('db', 'data');
  return findServer({ swarm, service: 'db', user: 'chief', database: 'shop' });
}

test('finds user, port and socket of the server', async () => {
  expect(await find({})).toMatchObject({
    owner: '1001:1001',
    environment: ['LC_ALL=C', 'PGUSER=chief', 'PGPORT=5433', 'PGHOST=/run/pg'],
    maintenance: 'postgres',
  });
});

test('connects over TCP to a server without a socket', async () => {
  expect((await find({ pidFile: PID_FILE.replace('/run/pg', '') })).environment).toContain(
    'PGHOST=127.0.0.1',
  );
});

test('refuses a container in which no Postgres runs', async () => {
  expect(await failureOf(find({ statuses: status('pgbouncer', 1, 0, '70') }))).toMatchObject(
    finding('no-server'),
  );
});

test('passes the password of the set-up when the server asks for one', async () => {
  let calls = 0;
  const psql = (): ProgramResult =>
    calls++ === 0 ? { exitCode: 2, stderr: 'psql: error: fe_sendauth: no password supplied' } : {};
  expect((await find({ password: 'secret\n', psql })).environment).toContain('PGPASSWORD=secret');
});

test.for([
  ['there is no password', '', 'psql: error: fe_sendauth: no password supplied'],
  ['the role does not exist', 'x', 'psql: error: FATAL:  role "chief" does not exist'],
] as const)('refuses with the reason of the server when %s', async ([, password, stderr]) => {
  expect(await failureOf(find({ password, psql: () => ({ exitCode: 2, stderr }) }))).toMatchObject({
    ...finding('no-access'),
    message: expect.stringContaining(stderr.replace('psql: error: ', '')),
  });
});

test('uses template1 when the database postgres was dropped', async () => {
  let calls = 0;
  const psql = (): ProgramResult =>
    calls++ === 0 ? { exitCode: 2, stderr: 'FATAL:  database "postgres" does not exist' } : {};
  expect((await find({ psql })).maintenance).toBe('template1');
});

test('quotes the name of a database that looks like connection options', () => {
  expect(connectionTo(`host=x 'y' \\`)).toBe(`dbname='host=x \\'y\\' \\\\'`);
});
