// Every file of test/fixtures/databases/valkey is a server with data. Each method brings all of it back. A file has comments that say
// how the server is started, and the commands that fill it:
//   # server ARGUMENT…       arguments of valkey-server; a line is one option with its values
//   # file NAME LINE         adds a line to a file in the data directory before the server first starts
//   # login USER PASSWORD    who the backup and the commands log in as
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ServiceSpec } from '../../../src/lab/engine/api.ts';
import type { Volume } from '../../../src/method/container/volume.ts';
import { valkeyAof } from '../../../src/method/valkey/aof.ts';
import { CLIENT } from '../../../src/method/valkey/client.ts';
import { valkeyRdb } from '../../../src/method/valkey/rdb.ts';
import { openKeyValueClient, type KeyValueService } from '../../../src/method/valkey/service.ts';
import { waitUntil } from '../../../src/support/poll.ts';
import { execInTask, findTask } from '../../../src/method/container/task.ts';
import { openArtifactStore } from '../../support/artifact-store.ts';
import { openTestSite, type TestSite } from '../../support/volumes.ts';
import { runInVolume } from '../../support/method-lab.ts';

const DIRECTORY = join(import.meta.dirname, '../../fixtures/databases/valkey');
const ENTRIES = readdirSync(DIRECTORY).map(parseEntry);
const METHODS = [valkeyRdb(), valkeyAof()];
const CONTENTS = readFileSync(join(import.meta.dirname, '../../../fixtures/sessions/contents.lua'), 'utf8');

interface Entry {
  readonly name: string;
  readonly options: readonly string[];
  readonly files: ReadonlyMap<string, string>;
  readonly login?: { readonly user: string; readonly password: string };
  readonly commands: string;
}

function parseEntry(file: string): Entry {
  const lines = readFileSync(join(DIRECTORY, file), 'utf8').split('\n');
  const comments = lines.filter((line) => line.startsWith('# '));
  const files = new Map<string, string>();
  const options: string[] = [];
  let login: Entry['login'];
  for (const comment of comments) {
    const [, kind, first = '', rest = ''] = /^# (\w+) (\S+) ?(.*)$/.exec(comment) ?? [];
    // The server takes the values of one option as one argument, or as several.
    if (kind === 'server') options.push(first, ...(rest === '' ? [] : rest.split(' ')));
    else if (kind === 'file') files.set(first, `${files.get(first) ?? ''}${rest}\n`);
    else if (kind === 'login') login = { user: first, password: rest };
    else throw new Error(`${file}: unknown comment: ${comment}`);
  }
  const commands = lines.filter((line) => line !== '' && !line.startsWith('# ')).join('\n');
  return {
    name: file.replace(/\.valkey$/, ''),
    options,
    files,
    commands: `${commands}\n`,
    ...(login && { login }),
  };
}

let site: TestSite;
beforeAll(async () => {
  site = await openTestSite('valkey-corpus');
});
afterAll(() => site[Symbol.asyncDispose]());

const START = 'printf %s "$0" >/tmp/password; exec docker-entrypoint.sh valkey-server "$@" --appendonly yes';

const specOf = ({ name, options, login }: Entry, replicas: number): ServiceSpec =>
  ({
    Name: name,
    Labels: {},
    Mode: { Replicated: { Replicas: replicas } },
    TaskTemplate: {
      ContainerSpec: {
        Image: site.swarm.imageOf('valkey'),
        Command: ['sh', '-c', START, login?.password ?? 'none', ...options],
        Mounts: [{ Type: 'volume', Source: name, Target: '/data' }],
      },
      RestartPolicy: { Delay: 0 },
    },
    EndpointSpec: { Mode: 'dnsrr' },
  }) as ServiceSpec;

const serviceOf = ({ name, login }: Entry): KeyValueService => ({
  swarm: site.swarm,
  service: name,
  ...(login && { user: login.user, passwordFile: '/tmp/password' }),
});

async function scale(entry: Entry, replicas: number): Promise<void> {
  const { engine } = await site.swarm.manager();
  const { ID, Version } = await engine.services.inspect(entry.name);
  await engine.services.update(ID, Version, specOf(entry, replicas));
  await site.swarm.converged();
  if (replicas > 0) await waitUntil('the server to answer', async () => ({ done: await read(entry) }));
}

/** Everything that a client can see: each key of each database, functions, users. */
async function read(entry: Entry): Promise<unknown> {
  const client = await openKeyValueClient(serviceOf(entry));
  const { databases = '0' } = await client.settings('databases');
  const numbers = [...Array(Number(databases)).keys()];
  const replies = await client.send(
    ...numbers.flatMap((number) => [
      ['SELECT', String(number)],
      ['EVAL_RO', CONTENTS, '0'],
    ]),
    ['FUNCTION', 'LIST', 'WITHCODE'],
    ['ACL', 'LIST'],
  );
  const contents = numbers.map((number) => (replies[2 * number + 1] as unknown[][]).map(String).toSorted());
  const [functions, users] = replies.slice(-2) as [unknown[], string[]];
  return { contents, functions: functions.map((one) => JSON.stringify(one)).toSorted(), users };
}

async function fill(entry: Entry): Promise<void> {
  const { engine } = await site.swarm.manager();
  for (const [file, text] of entry.files)
    await runInVolume(volumeOf(entry), `printf %s ${quote(text)} >${quote(file)}; chown -R 999:999 .`);
  await engine.services.create(specOf(entry, 0));
  await scale(entry, 1);
  const task = await findTask(serviceOf(entry));
  const login = entry.login ? `AUTH ${entry.login.user} ${entry.login.password}\n` : '';
  const { output } = await execInTask(task, CLIENT, { input: login + entry.commands, code: 'fill' });
  expect(output).not.toContain('error:');
}

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

const volumeOf = ({ name }: Entry): Volume => site.volume(name);

async function loseVolume(entry: Entry): Promise<void> {
  await scale(entry, 0);
  await waitUntil('the volume to be free', async () => {
    await site.swarm.node('manager-1').engine.volumes.remove(entry.name);
    return { done: true };
  });
}

describe.for(ENTRIES)('$name', (entry) => {
  test('each method brings everything back', async () => {
    await fill(entry);
    const before = await read(entry);
    await using store = await openArtifactStore();
    for (const method of METHODS) {
      const metadata = await method.backup(serviceOf(entry), store.writer);
      await loseVolume(entry);
      await method.restore(store.reader(metadata), volumeOf(entry));
      await scale(entry, 1);
      expect(await read(entry), method.name).toEqual(before);
    }
    const { engine } = await site.swarm.manager();
    await engine.services.remove(entry.name);
  });
});

test('the corpus has more databases than the default, functions without keys, groups and pending messages, and users', () => {
  const all = readdirSync(DIRECTORY).map((file) => readFileSync(join(DIRECTORY, file), 'utf8'));
  for (const part of ['SELECT 40', 'FUNCTION LOAD', 'XREADGROUP', 'default off', '--aclfile /data/'])
    expect(
      all.filter((text) => text.includes(part)),
      part,
    ).not.toEqual([]);
});
