// Keys, passwords and secret values: searched for, during a drill and after it, in every place that others can read.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Plan } from '../../src/drill/plan.ts';
import { sealRun } from '../../src/evidence/seal-run.ts';
import { payloadOf } from '../../src/evidence/signing/bundle.ts';
import { createKeyPair, parseSigningKey } from '../../src/evidence/signing/keys.ts';
import { execInContainer, outputOf } from '../../src/lab/engine/process.ts';
import { borg } from '../../src/method/volume/borg.ts';
import type { Method } from '../../src/model/method.ts';
import { restic } from '../../src/method/volume/restic.ts';
import { rsync } from '../../src/method/volume/rsync.ts';
import type { Kept, Vault } from '../../src/vault/vault.ts';
import type { Volume } from '../../src/method/container/volume.ts';
import { writeRunReport } from '../../src/report/write.ts';
import { waitUntil } from '../../src/support/poll.ts';
import type { Swarm } from '../../src/swarm/swarm.ts';
import { passingAccounts } from '../support/accounts.ts';
import { SecretListener, recognizablePart } from '../support/secret-listener.ts';
import { outcomeIn, small, type RestoredLedger } from '../support/control.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'swarm-drill-secrets-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** Everything that the drill should keep to itself, by name. */
async function secretsOf(vault: Vault, swarm: Swarm): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const { JoinTokens } = await (await swarm.manager()).engine.swarm.inspect();
  for (const [role, token] of Object.entries(JoinTokens)) found.set(`join token ${role}`, token);
  for (const [service, name] of [
    ['ledger_database', 'database_password'],
    ['ledger_database', 'app_password'],
    ['ledger_web', 'signing_key'],
  ] as const) {
    const { node, id } = await swarm.taskContainer(service);
    found.set(name, await execInContainer(node.engine, id, ['cat', `/run/secrets/${name}`], { user: '0' }));
  }
  for (const side of ['append', 'read']) {
    const { stdout } = await outputOf(await vault.host.runInGateway(['cat', `/run/keys/${side}`]));
    found.set(`ssh key to ${side}`, recognizablePart(stdout));
  }
  vault.keys.all.forEach((secret, index) => found.set(`key ${index} of the vault`, secret));
  return found;
}

/** The method, with everything secret that it gets for its accounts added to `secrets`. */
function overheard(
  method: Method<Volume, Volume, unknown>,
  secrets: Map<string, string>,
): Method<Volume, Volume, unknown> {
  let accounts = 0;
  return passingAccounts(method, (account) => {
    accounts++;
    for (const [file, text] of Object.entries(account.files))
      if (!/config|known_hosts/.test(file))
        secrets.set(`account ${accounts} of ${method.name}: ${file}`, recognizablePart(text));
    return account;
  });
}

/** Reports and seals the run of the drill, as the program does. @returns the key that signed it: the only line between its borders */
async function sealed(directory: string): Promise<string> {
  const { privatePem } = createKeyPair();
  const key = parseSigningKey(privatePem, 'the key of the test');
  await sealRun({ directory, run: await writeRunReport(directory), key, authority: undefined });
  return privatePem.split('\n')[1] ?? '';
}

/** Returns the text of a file, with what its envelope has in base64. */
async function textOf(path: string): Promise<string> {
  const text = await readFile(path, 'utf8');
  return path.endsWith('.sigstore.json') ? text + payloadOf(text) : text;
}

test('shows no secret in arguments, environments, journal, logs, report, evidence or ledger', async () => {
  const secrets = new Map<string, string>();
  const repositories: Kept<Volume, unknown>[] = [];
  let vault: Vault | undefined;
  const plan: Plan = {
    ...small,
    // Listening takes its time.
    objectives: {},
    async backup(context) {
      vault = context.vault;
      const kept = await small.backup(context);
      const files = await (context.seeded as unknown as RestoredLedger).shop.files();
      for (const method of [restic(), borg(), rsync({ preserve: 'all' })])
        repositories.push(await vault.keep(overheard(method, secrets), files));
      return kept;
    },
    async restore(context) {
      const restored = (await small.restore(context)) as RestoredLedger;
      const volume = { ...(await restored.shop.files()), name: 'another' };
      for (const one of repositories) {
        await one.restoreInto(volume);
        await waitUntil('the volume to be free', async () => ({
          done: await volume.node.engine.volumes.remove(volume.name),
        }));
      }
      if (vault)
        for (const [name, secret] of await secretsOf(vault, restored.swarm)) secrets.set(name, secret);
      return restored;
    },
  };
  const listener = SecretListener.open();
  const directory = join(dir, 'reports', '2026-11-26T02-00-00Z');
  const report = await outcomeIn(join(directory, 'control'), () => plan).finally(() =>
    listener[Symbol.asyncDispose](),
  );
  expect(report.verdict, report.reason).toBe('recovered');
  secrets.set('signing key', await sealed(directory));
  expect([...secrets].filter(([, secret]) => secret.length < 20)).toEqual([]);
  expect(secrets.size).toBeGreaterThanOrEqual(8 + 6 + 1);
  for (const name of ['restic-password', 'borg-passphrase'])
    expect([...secrets.keys()].join('\n')).toContain(name);

  const places = new Map<string, string>([
    ['arguments and environments', listener.arguments + listener.environments],
  ]);
  for (const file of await readdir(dir, { recursive: true, withFileTypes: true }))
    if (file.isFile()) places.set(file.name, await textOf(join(file.parentPath, file.name)));
  expect([...places.keys()]).toEqual(
    expect.arrayContaining([
      'journal.jsonl',
      'report.json',
      'report.html',
      'vault.log',
      'evidence.sigstore.json',
      'test-result.sigstore.json',
      'ledger.jsonl',
      'ledger.sigstore.json',
    ]),
  );
  const seen = [...secrets].flatMap(([name, secret]) =>
    [...places].filter(([, text]) => text.includes(secret)).map(([place]) => `${name} in ${place}`),
  );
  expect(seen).toEqual([]);
  // The listener work: what was not secret was heard.
  if (inject('lab').kind === 'embedded')
    expect(places.get('arguments and environments')).toContain('age --recipient');
});
