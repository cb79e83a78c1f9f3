// Tests for every method with a repository at the vault. The test file of each method calls this, with its own swarm and vault.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readManifest, type FileManifest } from '../../src/check/files/manifest.ts';
import { outputOf, type ProcessOutput } from '../../src/lab/engine/process.ts';
import type { Account, AccountKind } from '../../src/model/account.ts';
import type { ArtifactFact } from '../../src/model/artifact.ts';
import type { VaultHost } from '../../src/vault/host/host.ts';
import { Vault, type Kept, type VaultOptions } from '../../src/vault/vault.ts';
import { inspectVolume, type Volume, type VolumeMethod } from '../../src/method/container/volume.ts';
import { seconds } from '../../src/support/clock.ts';
import { waitUntil } from '../../src/support/poll.ts';
import { Scope } from '../../src/support/scope.ts';
import { passingAccounts } from './accounts.ts';
import {
  destroy,
  expectedLosses,
  findingOf,
  inVolume,
  lostAspects,
  openTestSite,
  seed,
  type TestSite,
} from './volumes.ts';

export interface RepositoryUnderTest {
  readonly kind: AccountKind;
  readonly method: VolumeMethod;
  readonly secrets: readonly string[];
  /** Name of the program that serves it at the vault, as in /proc/<pid>/comm. */
  readonly server: string;
  /** The server serves all connections, and runs on when one is closed. Default false. */
  readonly lasting?: boolean;
  /** What the vault must have for it. */
  readonly vault?: VaultOptions;
  /** Returns its operator's console. Default: the host with ssh. */
  readonly console?: (vault: Vault) => Pick<VaultHost, 'exec'>;
  /** How a full disk is reported. */
  readonly full?: { readonly code: string; readonly output: RegExp };
  /** Directory at the vault with the data of recovery points. */
  readonly data: string;
  /** Commands that try to destroy kept recovery points with the appending key. Default: the method's file tests that itself. */
  readonly attacks?: readonly (readonly string[])[];
}

/** What the tests of one file share. */
export interface SuiteContext {
  readonly site: TestSite;
  readonly vault: Vault;
  readonly files: Volume;
  /** Recovery points of the volume `files`, before and after a change. */
  readonly older: RecoveryPoint;
  readonly newer: RecoveryPoint;
  /** The method, with the accounts that `withAccounts` passes to it. */
  readonly method: VolumeMethod;
  /** Runs `work` with every account that the method gets changed. */
  readonly withAccounts: <T>(change: (account: Account) => Account, work: () => Promise<T>) => Promise<T>;
}

export interface RecoveryPoint {
  readonly kept: Kept<Volume, void>;
  readonly manifest: FileManifest;
  /** By how much the vault has grown. */
  readonly bytes: number;
}

const LABELS = { team: 'shop' };

/** @param registerOwn registers tests that only this method has */
export function repositorySuite(
  subject: RepositoryUnderTest,
  registerOwn: (context: () => SuiteContext) => void,
): void {
  const { kind, attacks, full = FULL } = subject;
  let change = (account: Account): Account => account;
  const method = passingAccounts(subject.method, (account) => change(account));
  let scope = new Scope();
  let site: TestSite;
  let vault: Vault;
  let older: RecoveryPoint;
  let newer: RecoveryPoint;
  let files: Volume;
  let big: Volume;
  const artifacts: ArtifactFact[] = [];

  const openVault = async (ofScope: Scope, options: VaultOptions = {}): Promise<Vault> =>
    Vault.open(site.swarm.site, ofScope, (fact) => artifacts.push(fact), { ...subject.vault, ...options });

  async function keep(volume: Volume): Promise<RecoveryPoint> {
    const manifest = await readManifest(volume);
    const known = artifacts.length;
    const kept = await vault.keep(method, volume);
    return { kept, manifest, bytes: artifacts.slice(known).reduce((sum, { bytes }) => sum + bytes, 0) };
  }

  const withAccounts: SuiteContext['withAccounts'] = async (changeAccount, work) => {
    change = changeAccount;
    try {
      return await work();
    } finally {
      change = (account) => account;
    }
  };

  const runWithAppendingKey = async (argv: readonly string[]): Promise<ProcessOutput> => {
    const account = await vault.account(kind, 'append', subject.secrets);
    return outputOf(
      await files.node.startTool({
        image: 'tools',
        network: 'host',
        argv,
        volumes: {},
        files: account.files,
      }),
    );
  };

  beforeAll(async () => {
    site = await openTestSite(method.name.replaceAll(/\W+/g, '-'));
    [files, big] = [site.volume('files'), site.volume('big')];
    await files.node.engine.volumes.create({ Name: files.name, Labels: LABELS });
    [vault] = await Promise.all([
      openVault(scope),
      seed(files, { files: 100, largeMiB: 8 }).then(() => seed(big, { files: 1, largeMiB: 128 })),
    ]);
    older = await keep(files);
    await inVolume(files, ['sh', '-euc', CHANGES]);
    newer = await keep(files);
  });
  afterAll(async () => {
    await scope[Symbol.asyncDispose]();
    await site[Symbol.asyncDispose]();
  });

  test('stores little more than the changes in a second backup', async () => {
    expect(await lostAspects(older.manifest, newer.manifest)).not.toEqual([]);
    expect(older.bytes).toBeGreaterThan(8 << 20);
    expect(newer.bytes).toBeLessThan(older.bytes / 4);
  });

  for (const [harm, script] of Object.entries(HARM))
    test(`restores nothing with ${harm} at the vault, not even an older recovery point`, async () => {
      const again = site.volume('again');
      await vault.host.exec(['sh', '-euc', `${LARGEST}\n${script}\n${SAME_TIME}`, subject.data]);
      const { code, output, hint } = await findingOf(older.kept.restoreInto(again));
      await vault.host.exec(['sh', '-euc', UNHARM, subject.data]);
      expect(code).toBe('artifact-damaged');
      expect(output).not.toBe('');
      expect(hint).toMatch(/nothing was restored/i);
      expect(await inspectVolume(again)).toBeUndefined();
    });

  test('reports a file that can not be read with its name, and makes no recovery point', async () => {
    const mountpoint = (await files.node.engine.volumes.inspect(files.name)).Mountpoint;
    // Memory of another process: in a container not even root may open it.
    const path = `${mountpoint}/unreadable`;
    await files.node.exec(['sh', '-euc', `touch "$0"; mount --bind /proc/1/mem "$0"`, path]);
    const { code, output } = await findingOf(vault.keep(method, files));
    await files.node.exec(['sh', '-euc', 'umount "$0"; rm "$0"', path]);
    expect(code).toBe('incomplete');
    expect(output).toMatch(/unreadable.*permission denied/i);
  });

  test('refuses a volume that is missing or empty, and a target that is not empty', async () => {
    const { node } = files;
    await node.engine.volumes.create({ Name: 'empty' });
    const missing = await findingOf(vault.keep(method, site.volume('missing')));
    const empty = await findingOf(vault.keep(method, site.volume('empty')));
    const full = await findingOf(older.kept.restoreInto(files));
    expect([missing.code, empty.code, full.code]).toEqual(['no-volume', 'empty-volume', 'volume-not-empty']);
    expect(await inspectVolume(site.volume('missing'))).toBeUndefined();
  });

  registerOwn(() => ({ site, vault, files, older, newer, method, withAccounts }));

  test('reports a killed backup and a lost connection, and the next backup is complete', async () => {
    const before = await readManifest(big);
    const killed = await interruptMidway(vault, subject, vault.keep(method, big), async () => {
      for (const { Id, Image } of await big.node.engine.containers.list())
        if (Image === site.swarm.imageOf('tools')) await big.node.engine.containers.kill(Id);
    });
    expect(killed.code).toBe('interrupted');

    const cut = await interruptMidway(vault, subject, vault.keep(method, big), () => vault.host.disconnect());
    await vault.host.reconnect();
    expect(cut.code).toBe('vault-unreachable');
    expect(cut.output).not.toBe('');

    const whole = await keep(big);
    expect(await lostAspects(before, whole.manifest)).toEqual([]);
    await destroy(big);
    await whole.kept.restoreInto(big);
    expect(await lostAspects(before, await readManifest(big))).toEqual(await expectedLosses(method, before));
  });

  if (attacks)
    test('keeps recovery points from being changed or removed with the appending key', async () => {
      const before = await vault.host.exec(['sh', '-euc', LIST_KEPT, kind]);
      expect(before).toContain('/kept/');
      for (const argv of attacks) await runWithAppendingKey(argv);
      expect(await vault.host.exec(['sh', '-euc', LIST_KEPT, kind])).toBe(before);
    });

  test('restores the older and the newer recovery point, except for the declared losses', async () => {
    for (const { kept, manifest } of [older, newer]) {
      await destroy(files);
      await kept.restoreInto(files);
      expect(await lostAspects(manifest, await readManifest(files))).toEqual(
        await expectedLosses(method, manifest),
      );
      expect((await inspectVolume(files))?.Labels).toEqual(LABELS);
    }
  });

  test('reports lost keys', async () => {
    vault.keys.lose();
    expect((await findingOf(newer.kept.restoreInto(site.volume('again')))).code).toBe('key-lost');
  });

  test("reports that the vault's disk is full, and restores an earlier recovery point", async () => {
    await scope.close();
    scope = new Scope();
    vault = await openVault(scope, { capacity: 64 << 20 });
    const { kept, manifest } = await keep(files);
    const { code, output } = await findingOf(vault.keep(method, big));
    expect(code).toBe(full.code);
    expect(output).toMatch(full.output);
    await destroy(files);
    await kept.restoreInto(files);
    expect(await lostAspects(manifest, await readManifest(files))).toEqual(
      await expectedLosses(method, manifest),
    );
  });
}

const FULL = { code: 'vault-full', output: /no space left/i };

const CHANGES = `cd /data
  echo more >>many/00/0/000000; rm many/01/1/000001; head -c 100000 /dev/urandom >new
  chown 7:8 links/target; chmod 0700 many; mv names new-names`;

const LIST_KEPT = 'find "/vault/$0/kept" -type f -print0 | sort -z | xargs -0 sha256sum';

/** Finds the largest file, and copies it to /tmp. */
const LARGEST = `file=$(find "$0" -type f -printf '%s %p\\n' | sort -n | tail -1 | cut -d' ' -f2-)
  cp -a "$file" /tmp/unharmed; echo "$file" >/tmp/harmed; size=$(stat -c %s "$file")`;
const HARM = {
  'one bit flipped': `python3 - "$file" $((size / 2)) <<'END'
import sys
with open(sys.argv[1], "r+b") as file:
    file.seek(int(sys.argv[2]))
    byte = file.read(1)[0]
    file.seek(int(sys.argv[2]))
    file.write(bytes([byte ^ 1]))
END`,
  'a file cut off': 'truncate -s $((size / 2)) "$file"',
};
/** A bad disk does not change the times. */
const SAME_TIME = 'touch -r /tmp/unharmed "$file"';
/** Writes in place, unless the store has moved the file away: its hard links are the same file. */
const UNHARM = `file=$(cat /tmp/harmed)
  if [ ! -e "$file" ]; then mkdir -p "$(dirname "$file")"; cp -a /tmp/unharmed "$file"; fi; cat /tmp/unharmed >"$file"; touch -r /tmp/unharmed "$file"; rm /tmp/unharmed`;

/** Starts `work`, pauses the vault's server once some data has arrived, does `harm`, and resumes it. Returns the error of `work`. */
async function interruptMidway(
  vault: Vault,
  { server, lasting = false, kind, console = ({ host }) => host }: RepositoryUnderTest,
  work: Promise<unknown>,
  harm: () => Promise<unknown>,
): ReturnType<typeof findingOf> {
  const outcome = findingOf(work);
  outcome.catch(() => undefined);
  await Promise.race([
    console(vault).exec(['sh', '-euc', PAUSE_SERVER, server, `/vault/${kind}`]),
    outcome.then(({ message }) => Promise.reject(new Error(`it ended too early: ${message}`))),
  ]);
  await harm();
  const found = await outcome;
  await waitUntil(
    'the server to end',
    async () => {
      const left = await console(vault).exec(['sh', '-euc', RESUME_SERVER, server]);
      return lasting || left === '' ? { done: true } : { notYet: `${left.trim()} is still running` };
    },
    { limit: seconds(30) },
  );
  return found;
}

const PAUSE_SERVER = `used() { du -sk "$1" | cut -f1; }
  start=$(used "$1")
  for try in $(seq 6000); do
    if [ $(($(used "$1") - start)) -ge 2048 ]; then
      for process in $(grep -lx "$0" /proc/[0-9]*/comm | cut -d/ -f3); do kill -STOP "$process"; done
      exit
    fi
    sleep 0.01
  done
  echo 'nothing arrived' >&2; exit 1`;
const RESUME_SERVER = `for process in $(grep -lxs "$0" /proc/[0-9]*/comm | cut -d/ -f3); do kill -CONT "$process" && echo "$0 $process"; done; true`;
