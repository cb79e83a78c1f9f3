// Nights as systemd starts them: the units of `swarm-drill ci init systemd` on a machine with systemd and Docker. Its engine has no images
// and no registry, so each night is inconclusive: what counts here is the unit, the ledger, and that a killed night does not stop the next.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { renderTemplates } from '../../../src/cli/ci/init.ts';
import { waitUntil } from '../../../src/support/poll.ts';
import { ROOT } from '../../support/program.ts';
import { type Machine, openMachine } from '../../support/swarm-backup-machine.ts';

const LEDGER = '/var/lib/swarm-drill/reports/ledger.jsonl';
const NIGHTLY = 'swarm-drill@nightly.service';
/** The machine has no npm: the program is started with the Node.js that was copied there. */
const PROGRAM = '/opt/node /opt/src/cli/main.ts';

let machine: Machine;
beforeAll(async () => {
  machine = await openMachine('systemd-nights');
  const put = async (path: string, text: string): Promise<void> => {
    const { exitCode, stderr } = await machine.sh(`mkdir -p "$(dirname ${path})" && cat >${path}`, text);
    if (exitCode !== 0) throw new Error(`${path}: ${stderr}`);
  };
  await put(
    '/opt/drills/single-manager.drill.ts',
    await readFile(join(ROOT, 'drills/single-manager.drill.ts'), 'utf8'),
  );
  for (const [path, text] of await renderTemplates('systemd', '/opt')) {
    const unit = path.replace(/^ci\/systemd\//, '');
    const adapted = text.replace(
      /^ExecStart=\/usr\/bin\/env node \S+ (.*)$/m,
      `ExecStart=${PROGRAM} $1 --no-check`,
    );
    if (unit !== 'embedded-lab.conf') await put(`/etc/systemd/system/${unit}`, adapted);
  }
  await machine.ok(
    [
      'set -e',
      // In a container, systemd leaves it to the container manager to share mounts, by which a service gets its credentials.
      'mount --make-rshared /',
      'useradd --system --home-dir /var/lib/swarm-drill --groups docker swarm-drill',
      `${PROGRAM} keys init --output /etc/swarm-drill/signing-key.pem`,
      'systemctl daemon-reload',
    ].join('\n'),
  );
});
afterAll(() => machine[Symbol.asyncDispose]());

interface Entry {
  readonly event: string;
  readonly verdict?: string;
  readonly key?: string | null;
}

async function ledger(): Promise<Entry[]> {
  const { stdout } = await machine.sh(`cat ${LEDGER}`);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Entry);
}
const events = async (): Promise<string[]> => (await ledger()).map(({ event }) => event);
const property = async (name: string): Promise<string> =>
  (await machine.ok(`systemctl show --value --property ${name} ${NIGHTLY}`)).trim();

test('a night runs as its account, is signed with the credential, and fails with the exit code of the run', async () => {
  const { exitCode } = await machine.sh(`systemctl start ${NIGHTLY}`);
  expect(exitCode).not.toBe(0);
  expect(await property('ExecMainStatus'), await machine.ok(`journalctl -u ${NIGHTLY}`)).toBe('2');
  expect(await ledger()).toMatchObject([
    { event: 'start' },
    { event: 'end', verdict: 'inconclusive', key: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
  ]);
  expect(
    (await machine.ok(`stat --format '%U %a' ${LEDGER} /var/lib/swarm-drill`)).split('\n').slice(0, 2),
  ).toEqual(['swarm-drill 640', 'swarm-drill 750']);
});

test('a night that is killed is a start without an end, and the next night works', async () => {
  await machine.ok('mkfifo /run/pipe && chown swarm-drill /run/pipe');
  await machine.ok("printf 'notify: [{ kind: ping, url-file: /run/pipe }]' >/opt/evidence.yml");
  await machine.ok(`systemctl start --no-block ${NIGHTLY}`);
  await waitUntil('the second start', async () =>
    (await events()).length === 3
      ? { done: true }
      : { notYet: await machine.ok(`journalctl --lines 3 -u ${NIGHTLY}`) },
  );
  // systemd does not start a unit that is active.
  await machine.ok(`systemctl start --no-block ${NIGHTLY}`);
  await machine.ok(`systemctl kill --signal KILL ${NIGHTLY}`);
  await waitUntil('the end of the night', async () => {
    const state = await property('ActiveState');
    return state === 'failed' ? { done: true } : { notYet: state };
  });
  expect(await events()).toEqual(['start', 'end', 'start']);
  await machine.ok('rm /opt/evidence.yml');
  await machine.sh(`systemctl start ${NIGHTLY}`);
  expect(await property('ExecMainStatus')).toBe('2');
  expect(await events()).toEqual(['start', 'end', 'start', 'start', 'end']);
});

test('the timers are active and name the next night', async () => {
  await machine.ok('systemctl enable --now swarm-drill-nightly.timer swarm-drill-weekly.timer');
  const timers = await machine.ok('systemctl list-timers --all --no-legend');
  expect(timers).toMatch(/ 01:(1[7-9]|2\d):.*swarm-drill-nightly\.timer +swarm-drill@nightly\.service/);
  expect(timers).toMatch(/Sun .* 03:(4[7-9]|5\d):.*swarm-drill-weekly\.timer +swarm-drill@weekly\.service/);
});
