// Keys, passwords and secret values: looked for, while a drill runs and after it, wherever somebody else could read them.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Plan } from '../../src/drill/plan.ts';
import { exec, finish } from '../../src/lab/engine.ts';
import type { Vault } from '../../src/method/vault/vault.ts';
import type { Swarm } from '../../src/swarm/swarm.ts';
import { outcomeIn, small } from './control.ts';

const PAUSE_MS = 50;

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'swarm-drill-secrets-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** Everything that the drill should keep to itself, by name. */
async function secretsOf(vault: Vault, swarm: Swarm): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const { JoinTokens } = (await (await swarm.manager()).docker.swarmInspect()) as {
    JoinTokens: Record<string, string>;
  };
  for (const [role, token] of Object.entries(JoinTokens)) found.set(`join token ${role}`, token);
  for (const [service, name] of [
    ['ledger_database', 'database_password'],
    ['ledger_database', 'app_password'],
    ['ledger_web', 'signing_key'],
  ] as const) {
    const { node, id } = await swarm.taskContainer(service);
    found.set(name, await exec(node.docker, id, ['cat', `/run/secrets/${name}`], { user: '0' }));
  }
  for (const side of ['append', 'read']) {
    const { stdout } = await finish(await vault.host.atCourier(['cat', `/run/keys/${side}`]));
    // One line of the private key is telling enough, and survives any wrapping.
    found.set(`ssh key to ${side}`, stdout.split('\n')[2] ?? '');
  }
  vault.keys.everything.forEach((secret, index) => found.set(`key ${index} of the vault`, secret));
  return found;
}

/** What every process of this machine was started with, as long as it goes on. */
async function listen(signal: AbortSignal, heard: Set<string>): Promise<void> {
  while (!signal.aborted) {
    for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name)))
      for (const file of ['cmdline', 'environ'])
        heard.add((await readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')).replaceAll('\0', ' '));
    await sleep(PAUSE_MS);
  }
}

test('nothing secret is seen in arguments, environments, journal, logs or report', async () => {
  const heard = new Set<string>();
  let secrets = new Map<string, string>();
  let vault: Vault | undefined;
  const plan: Plan = {
    ...small,
    // Listening takes its time.
    objectives: {},
    async backup(context) {
      vault = context.vault;
      return small.backup(context);
    },
    async restore(context) {
      const restored = await small.restore(context);
      if (vault) secrets = await secretsOf(vault, restored.swarm);
      return restored;
    },
  };
  const stop = new AbortController();
  const listening = listen(stop.signal, heard);
  const report = await outcomeIn(dir, () => plan).finally(() => stop.abort());
  await listening;
  expect(report.verdict, report.reason).toBe('recovered');
  expect([...secrets.values()].every((secret) => secret.length >= 20)).toBe(true);
  expect(secrets.size).toBeGreaterThanOrEqual(8);

  const places = new Map<string, string>([['arguments and environments', [...heard].join('\n')]]);
  for (const file of await readdir(dir, { recursive: true, withFileTypes: true }))
    if (file.isFile()) places.set(file.name, await readFile(join(file.parentPath, file.name), 'utf8'));
  expect([...places.keys()]).toEqual(
    expect.arrayContaining(['journal.jsonl', 'report.json', 'report.html', 'vault.log']),
  );
  const seen = [...secrets].flatMap(([name, secret]) =>
    [...places].filter(([, text]) => text.includes(secret)).map(([place]) => `${name} in ${place}`),
  );
  expect(seen).toEqual([]);
  // The ears work: what was not secret was heard.
  if (inject('lab').kind === 'embedded')
    expect(places.get('arguments and environments')).toContain('age --recipient');
});
