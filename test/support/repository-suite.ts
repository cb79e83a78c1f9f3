// What every method with a repository at the vault must do, whatever the program: each method's own file calls this, with a swarm
// and a vault of its own.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readManifest, type Manifest } from '../../src/check/files.ts';
import { outputOf, type ProcessOutput } from '../../src/lab/engine/process.ts';
import type { Account, AccountKind } from '../../src/model/account.ts';
import type { ArtifactFact } from '../../src/model/artifact.ts';
import type { Method } from '../../src/model/method.ts';
import type { VaultHost } from '../../src/vault/host/host.ts';
import { Vault, type Kept, type VaultOptions } from '../../src/vault/vault.ts';
import { inspectVolume, type Volume } from '../../src/method/container/volume.ts';
import { FILE_ASPECTS } from '../../src/model/aspect.ts';
import { seconds } from '../../src/support/clock.ts';
import { waitUntil } from '../../src/support/poll.ts';
import { Scope } from '../../src/support/scope.ts';
import { passingAccounts } from './accounts.ts';
import { destroy, findingOf, inVolume, lostAspects, openTestSite, seed, type TestSite } from './volumes.ts';

type VolumeMethod = Method<Volume, Volume, void>;

export interface Subject {
  readonly kind: AccountKind;
  readonly method: VolumeMethod;
  readonly secrets: readonly string[];
  /** What `comm` calls the program that serves it at the vault. */
  readonly server: string;
  /** It serves everybody, and stays when one has gone. */
  readonly lasting?: boolean;
  /** What the vault is to have for it. */
  readonly vault?: VaultOptions;
  /** The host that serves it: its operator's console. The one with ssh when left out. */
  readonly console?: (vault: Vault) => Pick<VaultHost, 'exec'>;
  /** What a disk without room is told as. */
  readonly full?: { readonly code: string; readonly words: RegExp };
  /** At the vault, where the data of recovery points lie. */
  readonly data: string;
  /** What its bringer tries with the appending key, one program each; its own file has them where recovery points are not kept apart. */
  readonly attacks?: readonly (readonly string[])[];
}

/** What the tests of one file share. */
export interface Stage {
  readonly place: TestSite;
  readonly vault: Vault;
  readonly files: Volume;
  /** Recovery points of the volume `files`, before and after a change, and what was in it. */
  readonly older: Point;
  readonly newer: Point;
  /** The method, as `tampered` has it. */
  readonly method: VolumeMethod;
  /** Runs `work` with every account of the method changed on its way to it. */
  readonly tampered: <T>(change: (account: Account) => Account, work: () => Promise<T>) => Promise<T>;
}

export interface Point {
  readonly kept: Kept<Volume, void>;
  readonly manifest: Manifest;
  /** That the vault holds more since. */
  readonly bytes: number;
}

const LABELS = { team: 'shop' };

/** @param own registers tests of this method alone */
export function repositorySuite(subject: Subject, own: (stage: () => Stage) => void): void {
  const { kind, attacks, full = FULL } = subject;
  let change = (account: Account): Account => account;
  const method = passingAccounts(subject.method, (account) => change(account));
  const scope = new Scope();
  let place: TestSite;
  let vault: Vault;
  let older: Point;
  let newer: Point;
  let files: Volume;
  let big: Volume;
  const artifacts: ArtifactFact[] = [];

  const openVault = async (ofScope: Scope, options: VaultOptions = {}): Promise<Vault> =>
    Vault.open(place.swarm.site, ofScope, (fact) => artifacts.push(fact), { ...subject.vault, ...options });

  async function keep(volume: Volume): Promise<Point> {
    const manifest = await readManifest(volume);
    const known = artifacts.length;
    const kept = await vault.keep(method, volume);
    return { kept, manifest, bytes: artifacts.slice(known).reduce((sum, { bytes }) => sum + bytes, 0) };
  }

  const tampered: Stage['tampered'] = async (how, work) => {
    change = how;
    try {
      return await work();
    } finally {
      change = (account) => account;
    }
  };

  const withAppendingKey = async (argv: readonly string[]): Promise<ProcessOutput> => {
    const account = await vault.account(kind, 'append', subject.secrets);
    return outputOf(await files.node.tools({ argv, volumes: {}, files: account.files }));
  };

  beforeAll(async () => {
    place = await openTestSite(method.name.replaceAll(/\W+/g, '-'));
    [files, big] = [place.volume('files'), place.volume('big')];
    await files.node.engine.volumes.create({ Name: files.name, Labels: LABELS });
    [vault] = await Promise.all([
      openVault(scope),
      seed(files, { files: 100, largeMiB: 8 }).then(() => seed(big, { files: 1, largeMiB: 128 })),
    ]);
  });
  afterAll(async () => {
    await scope[Symbol.asyncDispose]();
    await place[Symbol.asyncDispose]();
  });

  test('a second backup adds little more than what has changed', async () => {
    older = await keep(files);
    await inVolume(files, ['sh', '-euc', CHANGES]);
    newer = await keep(files);
    expect(await lostAspects(older.manifest, newer.manifest)).not.toEqual([]);
    expect(older.bytes).toBeGreaterThan(8 << 20);
    expect(newer.bytes).toBeLessThan(older.bytes / 4);
  });

  for (const [harm, script] of Object.entries(HARM))
    test(`with ${harm} at the vault nothing is restored, and an older point says so as well`, async () => {
      const again = place.volume('again');
      await vault.host.exec(['sh', '-euc', `${LARGEST}\n${script}\n${SAME_TIME}`, subject.data]);
      const { code, output, hint } = await findingOf(older.kept.restoreInto(again));
      await vault.host.exec(['sh', '-euc', UNHARM, subject.data]);
      expect(code).toBe('artifact-damaged');
      expect(output).not.toBe('');
      expect(hint).toContain('nothing was restored');
      expect(await inspectVolume(again)).toBeUndefined();
    });

  test('a file that can not be read makes it a finding with its name, and no recovery point', async () => {
    const mountpoint = (await files.node.engine.volumes.inspect(files.name)).Mountpoint;
    // Memory of another process: not even root may open it in a container.
    const path = `${mountpoint}/unreadable`;
    await files.node.exec(['sh', '-euc', `touch "$0"; mount --bind /proc/1/mem "$0"`, path]);
    const { code, output } = await findingOf(vault.keep(method, files));
    await files.node.exec(['sh', '-euc', 'umount "$0"; rm "$0"', path]);
    expect(code).toBe('incomplete');
    expect(output).toMatch(/unreadable.*permission denied/i);
  });

  test('volumes that are missing, empty or not empty are findings before any program runs', async () => {
    const { node } = files;
    await node.engine.volumes.create({ Name: 'empty' });
    const missing = await findingOf(vault.keep(method, place.volume('missing')));
    const empty = await findingOf(vault.keep(method, place.volume('empty')));
    const full = await findingOf(older.kept.restoreInto(files));
    expect([missing.code, empty.code, full.code]).toEqual(['no-volume', 'empty-volume', 'volume-not-empty']);
    expect(await inspectVolume(place.volume('missing'))).toBeUndefined();
  });

  own(() => ({ place, vault, files, older, newer, method, tampered }));

  test('killed half-way, and cut off half-way: a finding each, and the next backup is whole', async () => {
    const before = await readManifest(big);
    const killed = await midway(vault, subject, vault.keep(method, big), async () => {
      for (const { Id, Image } of await big.node.engine.containers.list())
        if (Image === place.swarm.imageOf('tools')) await big.node.engine.containers.kill(Id);
    });
    expect(killed.code).toBe('interrupted');

    const cut = await midway(vault, subject, vault.keep(method, big), () => vault.host.disconnect());
    await vault.host.reconnect();
    expect(cut.code).toBe('vault-unreachable');
    expect(cut.output).not.toBe('');

    const whole = await keep(big);
    expect(await lostAspects(before, whole.manifest)).toEqual([]);
    await destroy(big);
    await whole.kept.restoreInto(big);
    expect(await lostAspects(before, await readManifest(big))).toEqual(
      FILE_ASPECTS.filter((aspect) => method.loses.includes(aspect)),
    );
  });

  if (attacks)
    test('whoever has the appending key takes away and changes nothing that is sealed', async () => {
      const before = await vault.host.exec(['sh', '-euc', LIST_KEPT, kind]);
      expect(before).toContain('/kept/');
      for (const argv of attacks) await withAppendingKey(argv);
      expect(await vault.host.exec(['sh', '-euc', LIST_KEPT, kind])).toBe(before);
    });

  test('the older recovery point and the newer one come back, each as it was, but for what is declared', async () => {
    for (const { kept, manifest } of [older, newer]) {
      await destroy(files);
      await kept.restoreInto(files);
      expect(await lostAspects(manifest, await readManifest(files))).toEqual(
        FILE_ASPECTS.filter((aspect) => method.loses.includes(aspect)),
      );
      expect((await inspectVolume(files))?.Labels).toEqual(LABELS);
    }
  });

  test('with the keys lost, a restore says that nothing opens the backup', async () => {
    vault.keys.lose();
    expect((await findingOf(newer.kept.restoreInto(place.volume('again')))).code).toBe('key-lost');
  });

  test("with the vault's disk full half-way it is a finding, and an earlier point comes back", async () => {
    await scope.close();
    vault = await openVault(scope, { capacity: 64 << 20 });
    const { kept, manifest } = await keep(files);
    const { code, output } = await findingOf(vault.keep(method, big));
    expect(code).toBe(full.code);
    expect(output).toMatch(full.words);
    await destroy(files);
    await kept.restoreInto(files);
    expect(await lostAspects(manifest, await readManifest(files))).toEqual(
      FILE_ASPECTS.filter((aspect) => method.loses.includes(aspect)),
    );
  });
}

const FULL = { code: 'vault-full', words: /no space left/i };

const CHANGES = `cd /data
  echo more >>many/00/0/000000; rm many/01/1/000001; head -c 100000 /dev/urandom >new
  chown 7:8 links/target; chmod 0700 many; mv names new-names`;

const LIST_KEPT = 'find "/vault/$0/kept" -type f -print0 | sort -z | xargs -0 sha256sum';

/** The file with most of the data, with a copy beside it, out of the way. */
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
/** Rot leaves no trace in the times. */
const SAME_TIME = 'touch -r /tmp/unharmed "$file"';
/** In place, where a store has not put it aside: other names of the file are the same file. */
const UNHARM = `file=$(cat /tmp/harmed)
  if [ ! -e "$file" ]; then mkdir -p "$(dirname "$file")"; cp -a /tmp/unharmed "$file"; fi; cat /tmp/unharmed >"$file"; touch -r /tmp/unharmed "$file"; rm /tmp/unharmed`;

/** Lets `work` begin, stops the vault's end of it once some data are there, does `harm`, lets it go on. @returns how `work` ended */
async function midway(
  vault: Vault,
  { server, lasting = false, kind, console = ({ host }) => host }: Subject,
  work: Promise<unknown>,
  harm: () => Promise<unknown>,
): ReturnType<typeof findingOf> {
  const outcome = findingOf(work);
  outcome.catch(() => undefined);
  await Promise.race([
    console(vault).exec(['sh', '-euc', STALL, server, `/vault/${kind}`]),
    outcome.then(({ message }) => Promise.reject(new Error(`it ended too early: ${message}`))),
  ]);
  await harm();
  const found = await outcome;
  await waitUntil(
    'the server to go',
    async () => {
      const left = await console(vault).exec(['sh', '-euc', LET_GO, server]);
      return lasting || left === '' ? { done: true } : { notYet: `${left.trim()} still runs` };
    },
    { limit: seconds(30) },
  );
  return found;
}

const STALL = `used() { du -sk "$1" | cut -f1; }
  start=$(used "$1")
  for try in $(seq 6000); do
    if [ $(($(used "$1") - start)) -ge 2048 ]; then
      for process in $(grep -lx "$0" /proc/[0-9]*/comm | cut -d/ -f3); do kill -STOP "$process"; done
      exit
    fi
    sleep 0.01
  done
  echo 'nothing arrived' >&2; exit 1`;
const LET_GO = `for process in $(grep -lxs "$0" /proc/[0-9]*/comm | cut -d/ -f3); do kill -CONT "$process" && echo "$0 $process"; done; true`;
