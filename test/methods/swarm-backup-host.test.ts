// `swarm backup` and `swarm restore` on their own host with their defaults: a machine with systemd, docker.service and
// docker.socket.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seconds } from '../../src/support/clock.ts';
import { waitUntil } from '../../src/support/poll.ts';
import { type Machine, openMachine } from '../support/swarm-backup-machine.ts';

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
});
afterAll(() => machine[Symbol.asyncDispose]());

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
  const { exitCode, json, stderr } = await machine.swarm(`backup --output /root/one.age ${SEALED}`);
  expect(exitCode, stderr).toBe(0);
  expect(json).toMatchObject({
    ok: true,
    node: { name: 'manager-1', address: machine.address, addressIsOwn: true },
    objects: { services: 1, secrets: 1 },
  });
  expect(await invocation()).not.toBe(before);
  expect(await machine.ok('systemctl is-active docker docker.socket')).toBe('active\nactive\n');
  expect(await machine.ok('stat --format "%a %U" /root/one.age')).toBe('600 root\n');
  expect(await secretInside()).toBe(value);
});

test('refuses a file inside the swarm directory, also through links', async () => {
  const before = await invocation();
  await machine.ok('ln -sfn /var/lib/docker/swarm /root/link; ln -sfn /root/../var/lib /root/up');
  for (const path of [
    '/var/lib/docker/swarm/x.age',
    '/root/link/raft/x.age',
    '/root/up/docker/swarm/worker/x.age',
  ]) {
    const { exitCode, json } = await machine.swarm(`backup --output ${path} ${SEALED}`);
    expect({ path, exitCode, json }).toMatchObject({
      exitCode: 64,
      json: { error: { reason: expect.stringContaining('inside the swarm directory') } },
    });
  }
  expect(await invocation()).toBe(before);
});

test("refuses a directory that does not exist or is not the engine's, without stopping the engine", async () => {
  const before = await invocation();
  const nowhere = await machine.swarm(`backup --output /nowhere/x.age ${SEALED}`);
  expect(nowhere).toMatchObject({ exitCode: 64 });
  await machine.ok('mkdir -p /root/other/swarm');
  const other = await machine.swarm(`backup --output /root/x.age ${SEALED} --data-root /root/other`);
  expect(other).toMatchObject({ exitCode: 2, json: { error: { code: 'data-root' } } });
  const asNobody = await machine.sh(
    `setpriv --reuid 65534 /opt/node /opt/src/cli/main.ts swarm backup --output /tmp/x.age --passphrase-fd 0`,
    phrase,
  );
  expect(asNobody).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('Run this as root') });
  expect(await invocation()).toBe(before);
});

test('replaces an existing swarm with --yes and restores what was removed', async () => {
  await machine.ok('docker service rm keeper && docker secret rm word');
  const refused = await machine.swarm(`restore --input /root/one.age ${SEALED}`);
  expect(refused).toMatchObject({ exitCode: 1, json: { error: { code: 'swarm-exists' } } });
  const { exitCode, json, stderr } = await machine.swarm(`restore --input /root/one.age ${SEALED} --yes`);
  expect(exitCode, stderr).toBe(0);
  expect(json).toMatchObject({ ok: true, alreadyRestored: false, strategy: 'forced initialisation' });
  expect(await secretInside()).toBe(value);
  expect(await machine.ok(`ls -d ${String(json['previous'])}`)).not.toBe('');
  const twice = await machine.swarm(`restore --input /root/one.age ${SEALED} --yes`);
  expect(twice).toMatchObject({ exitCode: 0, json: { ok: true, alreadyRestored: true } });
});

test('restores owners and modes', async () => {
  const listed = (name: string): Promise<string> =>
    machine.ok(
      `cd /var/lib/docker/${name} && find . -path ./certificates -o -path ./raft -o -path ./worker -o -name 'swarm-*' | sort | xargs stat --format '%n %a %u %g'`,
    );
  const previous = (await machine.ok('cd /var/lib/docker; ls -d swarm.previous-*')).trim();
  expect(await listed('swarm')).toBe(await listed(previous));
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
    `backup --output /root/async.age ${SEALED} --stop-command 'systemctl stop --no-block docker.socket docker'`,
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
