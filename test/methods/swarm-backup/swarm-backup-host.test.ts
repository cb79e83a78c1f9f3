// `swarm backup` and `swarm restore` on their own host with their defaults: a machine with systemd, docker.service and
// docker.socket.
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { seconds } from '../../../src/support/clock.ts';
import { waitUntil } from '../../../src/support/poll.ts';
import { type Machine, type MachineOutcome, openMachine } from '../../support/swarm-backup-machine.ts';

let machine: Machine;
const value = randomBytes(12).toString('hex');
const phrase = randomBytes(12).toString('hex');
const SEALED = '--passphrase-file /root/phrase';

beforeAll(async () => {
  machine = await openMachine('swarm-host');
  await machine.sh('cat >/root/phrase', `${phrase}\n`);
  // A tiny image, because there is no registry.
  await machine.ok(
    "tar -ch /usr/bin/sleep /usr/bin/cat $(ldd /usr/bin/cat | grep -o '/[^ ]*') 2>/dev/null | docker import - tiny",
  );
  await machine.ok(`docker swarm init --advertise-addr ${machine.address}`);
  await machine.ok(`printf ${value} | docker secret create word -`);
  await machine.ok(
    'docker service create --detach --no-resolve-image --name keeper --secret word tiny /usr/bin/sleep 1d',
  );
  await backUp('one.age');
});
afterAll(() => machine[Symbol.asyncDispose]());

/** Backs the machine's swarm up to a file in /root, which must succeed. */
async function backUp(file: string): Promise<MachineOutcome> {
  const made = await machine.swarm(`backup --output /root/${file} ${SEALED}`);
  expect(made.exitCode, made.stderr).toBe(0);
  return made;
}

/** The secret as a running task sees it. */
const secretInside = (): Promise<string> =>
  waitUntil(
    'a container of keeper',
    async () => {
      const id = (
        await machine.ok('docker ps --quiet --filter label=com.docker.swarm.service.name=keeper')
      ).trim();
      if (id === '') return { notYet: 'there is none' };
      return { done: await machine.ok(`docker exec ${id} /usr/bin/cat /run/secrets/word`) };
    },
    { limit: seconds(60) },
  );

const services = async (): Promise<string> => machine.ok('docker service ls --format "{{.Name}}"');
const invocation = (): Promise<string> =>
  machine.ok('systemctl show docker --property InvocationID --property ActiveState');

test('stops the engine and its socket with systemd, and starts both again', async () => {
  const before = await invocation();
  const { json } = await backUp('new.age');
  expect(json).toMatchObject({
    ok: true,
    node: { name: 'manager-1', address: machine.address, addressIsOwn: true },
    objects: { services: 1, secrets: 1 },
  });
  expect(await invocation()).not.toBe(before);
  expect(await machine.ok('systemctl is-active docker docker.socket')).toBe('active\nactive\n');
  expect(await machine.ok('stat --format "%a %U" /root/new.age')).toBe('600 root\n');
  expect(await secretInside()).toBe(value);
});

test.for(['/var/lib/docker/swarm/x.age', '/root/link/raft/x.age', '/root/up/docker/swarm/worker/x.age'])(
  'refuses a file inside the swarm directory, also through links: %s',
  async (path) => {
    const before = await invocation();
    await machine.ok('ln -sfn /var/lib/docker/swarm /root/link; ln -sfn /root/../var/lib /root/up');
    const { exitCode, json } = await machine.swarm(`backup --output ${path} ${SEALED}`);
    expect({ exitCode, json }).toMatchObject({
      exitCode: 64,
      json: { error: { reason: expect.stringContaining('inside the swarm directory') } },
    });
    expect(await invocation()).toBe(before);
  },
);

describe('does not stop the engine, and refuses', () => {
  let before: string;
  beforeEach(async () => {
    before = await invocation();
  });
  afterEach(async () => {
    expect(await invocation()).toBe(before);
  });

  test('a directory that does not exist', async () => {
    expect(await machine.swarm(`backup --output /nowhere/x.age ${SEALED}`)).toMatchObject({ exitCode: 64 });
  });

  test("a data root that is not the engine's", async () => {
    await machine.ok('mkdir -p /root/other/swarm');
    const other = await machine.swarm(`backup --output /root/x.age ${SEALED} --data-root /root/other`);
    expect(other).toMatchObject({ exitCode: 2, json: { error: { code: 'data-root' } } });
  });

  test('a user who is not root', async () => {
    const asNobody = await machine.sh(
      'setpriv --reuid 65534 /opt/node /opt/src/cli/main.ts swarm backup --output /tmp/x.age --passphrase-fd 0',
      phrase,
    );
    expect(asNobody).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('Run this as root') });
  });

  test('a swarm that exists, without --yes', async () => {
    const refused = await machine.swarm(`restore --input /root/one.age ${SEALED}`);
    expect(refused).toMatchObject({ exitCode: 1, json: { error: { code: 'swarm-exists' } } });
  });
});

test('replaces an existing swarm with --yes and restores what was removed', async () => {
  await backUp('before-loss.age');
  await machine.ok('docker service rm keeper && docker secret rm word');
  const { exitCode, json, stderr } = await machine.swarm(
    `restore --input /root/before-loss.age ${SEALED} --yes`,
  );
  expect(exitCode, stderr).toBe(0);
  expect(json).toMatchObject({ ok: true, alreadyRestored: false, strategy: 'forced initialisation' });
  expect(await secretInside()).toBe(value);
  expect(await machine.ok(`ls -d ${String(json['previous'])}`)).not.toBe('');
});

test('does nothing when the file is already restored', async () => {
  const restore = () => machine.swarm(`restore --input /root/one.age ${SEALED} --yes`);
  expect(await restore()).toMatchObject({ exitCode: 0 });
  const before = await invocation();
  expect(await restore()).toMatchObject({ exitCode: 0, json: { ok: true, alreadyRestored: true } });
  expect(await invocation()).toBe(before);
});

test('restores owners and modes', async () => {
  const listed = (path: string): Promise<string> =>
    machine.ok(
      `cd ${path} && find . -path ./certificates -o -path ./raft -o -path ./worker -o -name 'swarm-*' | sort | xargs stat --format '%n %a %u %g'`,
    );
  const { exitCode, json, stderr } = await machine.swarm(
    `restore --input /root/one.age ${SEALED} --yes --force`,
  );
  expect(exitCode, stderr).toBe(0);
  expect(await listed('/var/lib/docker/swarm')).toBe(await listed(String(json['previous'])));
});

const readLog = async (): Promise<unknown> =>
  JSON.parse(await machine.ok('cat /var/lib/docker/swarm-drill.json'));

test.each([
  ['backup', `backup --output /root/x.age ${SEALED}`],
  ['restore', `restore --input /root/one.age ${SEALED} --yes --force`],
])('touches nothing when the stop command of a %s fails', async (_what, args) => {
  const before = await invocation();
  const { exitCode, json } = await machine.swarm(`${args} --stop-command 'echo no such unit >&2; exit 5'`);
  expect({ exitCode, json }).toMatchObject({
    exitCode: 2,
    json: {
      error: {
        code: 'command-failed',
        blame: 'harness',
        reason: expect.stringContaining('exit code 5'),
        output: expect.stringContaining('no such unit'),
        hint: expect.stringContaining('--stop-command'),
      },
    },
  });
  expect(await invocation()).toBe(before);
  expect(await readLog()).not.toHaveProperty('operation');
  expect(await machine.ok('ls /root /var/lib/docker')).not.toMatch(/x\.age|staging/);
});

test('recovers a restore that was killed before the engine was stopped, even when it can stop nothing', async () => {
  const before = await invocation();
  await machine.swarm(
    `restore --input /root/one.age ${SEALED} --yes --force --stop-command 'kill -KILL $PPID'`,
  );
  expect(await readLog()).toMatchObject({ operation: { what: 'restore', engine: true } });
  const next = await machine.swarm(`restore --input /root/one.age ${SEALED} --force --stop-command false`);
  expect(next).toMatchObject({ exitCode: 1, json: { error: { code: 'swarm-exists' } } });
  expect(await readLog()).not.toHaveProperty('operation');
  expect(await invocation()).toBe(before);
  expect(await machine.ok('ls /var/lib/docker')).not.toContain('staging');
});

test('ends with exit code 2 when the engine accepts connections and never answers', async () => {
  const before = await invocation();
  await machine.ok('systemctl kill --kill-whom=main --signal=STOP docker');
  try {
    const { exitCode, json } = await machine.swarm(
      `backup --output /root/x.age ${SEALED} --engine unix:///run/docker.sock`,
    );
    expect({ exitCode, json }).toMatchObject({
      exitCode: 2,
      json: { error: { code: 'no-engine', reason: expect.stringContaining('has not answered') } },
    });
  } finally {
    await machine.ok('systemctl kill --kill-whom=main --signal=CONT docker');
  }
  expect(await invocation()).toBe(before);
});

test('waits until no process has the directory open when the stop command returns early', async () => {
  const { exitCode, stderr } = await machine.swarm(
    `backup --output /root/async.age --overwrite ${SEALED} --stop-command 'systemctl stop --no-block docker.socket docker'`,
  );
  expect(exitCode, stderr).toBe(0);
  expect(await secretInside()).toBe(value);
});

test('reads the passphrase from a descriptor, through the launcher too', async () => {
  const passing = '--passphrase-fd 0 --overwrite --output /root/fd.age';
  const direct = await machine.sh(`/opt/node /opt/src/cli/main.ts swarm backup ${passing}`, `${phrase}\n`);
  expect(direct.exitCode, direct.stderr).toBe(0);
  const { exitCode, json } = await machine.swarm(
    'restore --input /root/fd.age --passphrase-fd 5 --yes 5</root/phrase',
  );
  expect({ exitCode, json }).toMatchObject({ exitCode: 0, json: { ok: true } });
  const terminal = await machine.swarm('restore --input /root/fd.age --passphrase-fd 7');
  expect(terminal).toMatchObject({ exitCode: 64, json: { error: { blame: 'usage' } } });
  for (const text of [direct.stdout, direct.stderr]) expect(text).not.toContain(phrase);
});

test.each([
  ['restore', `restore --input /root/one.age ${SEALED} --yes --force`],
  ['backup', `backup --output /root/killed.age ${SEALED}`],
])('recovers a %s that was killed while the engine was stopped', async (what, args) => {
  // At the moment at which the program wants the engine started.
  await machine.swarm(`${args} --start-command 'kill -KILL $PPID'`);
  expect((await machine.sh('docker version')).exitCode).not.toBe(0);
  const { exitCode, json, stderr } = await machine.swarm(
    `backup --output /root/recovered.age --overwrite ${SEALED}`,
  );
  expect(exitCode, stderr).toBe(0);
  expect(json).toMatchObject({ ok: true, recovered: what, objects: { services: 1 } });
  expect(await machine.ok('systemctl is-active docker docker.socket')).toBe('active\nactive\n');
  expect(await secretInside()).toBe(value);
  expect(await machine.ok('ls /root /var/lib/docker')).not.toMatch(/killed|staging/);
});

test('says how to continue when the start command fails, and continues with a correct one', async () => {
  const failed = await machine.swarm(
    `backup --output /root/x.age ${SEALED} --start-command 'echo no such engine >&2; exit 3'`,
  );
  expect(failed).toMatchObject({
    exitCode: 2,
    json: {
      error: {
        code: 'engine-down',
        reason: expect.stringContaining('exit code 3'),
        hint: expect.stringContaining('recovers'),
      },
    },
  });
  const next = await machine.swarm(`restore --input /root/one.age ${SEALED}`);
  expect(next).toMatchObject({ exitCode: 1, json: { error: { code: 'swarm-exists' } } });
  expect(await secretInside()).toBe(value);
});

test('restores the swarm on an engine that has none', async () => {
  await machine.ok(
    'systemctl stop docker.socket docker && rm -rf /var/lib/docker/swarm* && systemctl reset-failed docker && systemctl start docker',
  );
  expect((await machine.sh('docker node ls')).exitCode).not.toBe(0);
  const { exitCode, json, stderr } = await machine.swarm(`restore --input /root/one.age ${SEALED}`);
  expect(exitCode, stderr).toBe(0);
  expect(json).toMatchObject({ ok: true, alreadyRestored: false });
  expect(await services()).toBe('keeper\n');
  expect(await secretInside()).toBe(value);
});

test('starts a stopped engine and finds its data root in daemon.json', async () => {
  onTestFinished(async () => {
    await machine.ok(
      'systemctl stop docker.socket docker && rm -rf /etc/docker/daemon.json /srv/docker && ' +
        'systemctl reset-failed docker && systemctl start docker',
    );
    expect(await secretInside()).toBe(value);
  });
  await machine.ok(
    'systemctl stop docker.socket docker && mkdir -p /srv/docker /etc/docker && ' +
      `echo '{"data-root": "/srv/docker"}' >/etc/docker/daemon.json`,
  );
  const { exitCode, json, stderr } = await machine.swarm(`restore --input /root/one.age ${SEALED}`);
  expect(exitCode, stderr).toBe(0);
  expect(json).toMatchObject({
    ok: true,
    previous: expect.stringMatching(/^\/srv\/docker\/swarm\.previous-/),
  });
  expect(await services()).toBe('keeper\n');
});
