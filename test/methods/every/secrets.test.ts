// Keys, passwords and secret values: while and after each of these methods runs, they appear nowhere that others could read.
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { clientAt, clientInside } from '../../../src/lab/engine/client.ts';
import { Ledger, ledger } from '../../../fixtures/ledger/ledger.ts';
import { createStackRepository } from '../../../fixtures/stack-repository.ts';
import { sessions, type Sessions } from '../../../fixtures/sessions/sessions.ts';
import { connect } from '../../../src/lab/engine/connect.ts';
import type { Account } from '../../../src/model/account.ts';
import { gitStack } from '../../../src/method/stack/git-stack/git-stack.ts';
import type { Method } from '../../../src/model/method.ts';
import { postgresDump } from '../../../src/method/postgres/dump.ts';
import {
  createAgeIdentity,
  sealSecrets,
  type SealedSecrets,
} from '../../../src/method/stack/sealed-secrets.ts';
import { restic } from '../../../src/method/volume/restic.ts';
import { readSecretsInTasks } from '../../../src/method/stack/secrets-in-tasks.ts';
import { serviceExport } from '../../../src/method/stack/service-export/service-export.ts';
import { valkeyRdb } from '../../../src/method/valkey/rdb.ts';
import { Vault } from '../../../src/vault/vault.ts';
import { Scope } from '../../../src/support/scope.ts';
import { Site } from '../../../src/swarm/site.ts';
import { Swarm } from '../../../src/swarm/swarm.ts';
import { SecretListener, recognizablePart } from '../../support/secret-listener.ts';

const scope = new Scope();
/** Everything that the methods should keep to themselves, by name. */
const secrets = new Map<string, string>();
/** What methods and vault hand out for a catalogue and a report. */
const handedOut: unknown[] = [];
let old: Swarm;
/** Restored into: the stacks from git, and the export. */
let fresh: { readonly git: Swarm; readonly exported: Swarm };
let shop: Ledger;
let store: Sessions;
let vault: Vault;
let sealed: SealedSecrets;

const newSwarm = async (drill: string): Promise<Swarm> => {
  const site = await Site.open({ lab: inject('lab'), run: `secrets-${process.pid}`, drill, scope });
  return Swarm.start(site, { managers: 1, workers: 0 });
};

beforeAll(async () => {
  old = await newSwarm('old');
  fresh = { git: await newSwarm('git'), exported: await newSwarm('exported') };
  shop = await ledger.deploy(old, { seed: 'secrets', size: 'small' });
  store = await sessions.deploy(old, { seed: 'secrets', size: 'small' });
  vault = await Vault.open(old.site, scope, (artifact) => handedOut.push(artifact), { objectStore: true });
  const values = await readSecretsInTasks(old);
  for (const [name, value] of values) secrets.set(name, passwordIn(Buffer.from(value).toString()));
  const { identity, recipient } = await createAgeIdentity();
  secrets.set('identity of the sealed secrets', identity);
  const file = await sealSecrets(values, recipient);
  sealed = { sealed: () => Promise.resolve(file), identity: () => Promise.resolve(identity) };
});
afterAll(() => scope[Symbol.asyncDispose]());

/** Returns the password of a secret that is a configuration file, else the whole secret. */
const passwordIn = (text: string): string => (/requirepass (\S+)/.exec(text)?.[1] ?? text).trim();

/** Returns the method; the keys of its accounts are added to `secrets`, the metadata that it returns to `handedOut`. */
function recordSecrets<Source, Target, Result>(
  method: Method<Source, Target, Result>,
): Method<Source, Target, Result> {
  const noted = (account: Account): Account => {
    for (const [file, text] of Object.entries(account.files))
      if (!/config|known_hosts/.test(file))
        secrets.set(`${file} of ${method.name}, ${secrets.size}`, recognizablePart(text));
    return account;
  };
  return {
    ...method,
    async backup(source, writer) {
      const account: typeof writer.account = async (...which) => noted(await writer.account(...which));
      const claim = await method.backup(source, { ...writer, account });
      handedOut.push(claim);
      return claim;
    },
    async restore(artifact, target) {
      const account: typeof artifact.account = async (...which) => noted(await artifact.account(...which));
      return await method.restore({ ...artifact, account }, target);
    },
  };
}

/**
 * Records while `work` runs, then expects no secret in what was recorded, in logs or in metadata.
 * @param sounds what is not secret and must be recorded, in arguments of processes and in what engines report, so that silence proves something
 */
async function expectNoLeak(
  sounds: { readonly said: string; readonly inspected: string },
  work: () => Promise<unknown>,
): Promise<void> {
  const { host } = inject('lab');
  const nodes = [old, fresh.git, fresh.exported].flatMap((swarm) => swarm.nodes);
  const listener = SecretListener.open([
    clientAt(host),
    ...nodes.map(({ id }) => clientInside(connect(host), id)),
  ]);
  await work().finally(() => listener[Symbol.asyncDispose]());
  vault.keys.all.forEach((secret, index) => secrets.set(`key ${index} of the vault`, secret));
  const parts = await vault.parts();
  const logs = parts.map(async ({ container }) => connect(host).containers.logs(container));
  const places = {
    arguments: listener.arguments,
    environments: listener.environments,
    'docker inspect': listener.inspected,
    "the vault's logs": (await Promise.all(logs)).join('\n'),
    'claim and report': JSON.stringify(handedOut),
  };
  const seen = [...secrets].flatMap(([name, secret]) =>
    Object.entries(places).flatMap(([place, text]) =>
      text.includes(secret) || text.includes(Buffer.from(secret).toString('base64'))
        ? [`${name} in ${place}`]
        : [],
    ),
  );
  expect(seen).toEqual([]);
  expect([...secrets].filter(([, secret]) => secret.length < 20).map(([name]) => name)).toEqual([]);
  // The listener works: what was not secret was recorded. What takes less than its pause may be missed, so none of that is expected.
  if (inject('lab').kind === 'embedded')
    expect(listener.arguments.includes(sounds.said), `"${sounds.said}" was recorded`).toBe(true);
  expect(listener.inspected.includes(sounds.inspected), `"${sounds.inspected}" was inspected`).toBe(true);
  expect(places["the vault's logs"]).toContain('Accepted publickey');
  expect(places['claim and report']).toContain('"createdAt"');
}

test('the workload has secrets of every kind', () => {
  expect([...secrets.keys()]).toEqual(
    expect.arrayContaining([
      'ledger_database_password',
      'ledger_app_password',
      'ledger_web_signing_key',
      'sessions_store_password',
    ]),
  );
});

test("git stack at the vault: neither the account's keys, nor the identity, nor a value of a secret", async () => {
  await expectNoLeak({ said: 'git/ssh.ts', inspected: old.imageOf('tools') }, async () => {
    await using repository = await createStackRepository(old);
    for (const held of [repository.ledger, repository.sessions]) {
      const point = await vault.keep(recordSecrets(gitStack({ remote: 'vault' })), { swarm: old, ...held });
      await point.restoreInto({ swarm: fresh.git, secrets: sealed });
    }
  });
  expect([...secrets.keys()].filter((name) => name.startsWith('run/vault/key of git stack'))).toHaveLength(4);
});

test('service export: neither the identity nor a value of a secret', async () => {
  await expectNoLeak({ said: 'dial-stdio', inspected: 'dial-stdio' }, async () => {
    const point = await vault.keep(recordSecrets(serviceExport()), old);
    await point.restoreInto({ swarm: fresh.exported, secrets: sealed, holdBack: 'services' });
  });
});

test("restic to S3: neither its password nor the store's keys", async () => {
  await expectNoLeak({ said: 'restic', inspected: old.imageOf('tools') }, async () => {
    const files = await shop.files();
    const point = await vault.keep(recordSecrets(restic({ via: 's3' })), files);
    await point.restoreInto({ ...files, name: 'from-s3' });
  });
  expect([...secrets.keys()]).toEqual(
    expect.arrayContaining([expect.stringMatching(/^run\/vault\/credentials of restic, via s3/)]),
  );
});

test("Valkey's snapshot: not its password", async () => {
  await expectNoLeak({ said: 'valkey-server', inspected: 'valkey-server' }, async () => {
    const point = await vault.keep(recordSecrets(valkeyRdb()), store);
    await point.restoreInto({ ...(await store.volume()), name: 'restored' });
  });
});

test("Postgres' dump: not a password of a role", async () => {
  await fresh.git.label('manager-1', ledger.labels);
  await fresh.git.converged(undefined, ['ledger_database']);
  await expectNoLeak({ said: 'postgres', inspected: 'postgres' }, async () => {
    const point = await vault.keep(recordSecrets(postgresDump()), shop.database);
    await point.restoreInto(new Ledger(fresh.git).database);
  });
});
