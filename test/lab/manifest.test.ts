// The files of a real volume: each aspect is broken once, and that one alone must turn; what does not hold still, or can't be
// read, is said and never left out.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareFiles } from '../../src/check/compare-files.ts';
import { readManifest, filesMatch, type Manifest } from '../../src/check/files.ts';
import { outputOf } from '../../src/lab/engine/process.ts';
import type { Volume } from '../../src/method/container/volume.ts';
import type { Aspect } from '../../src/model/aspect.ts';
import { waitUntil } from '../../src/support/poll.ts';
import { inVolume, openPlace, seed, type Place } from '../support/volumes.ts';

let place: Place;
let files: Volume;
let before: Manifest;

beforeAll(async () => {
  place = await openPlace('manifest');
  files = place.volume('files');
  before = await seed(files);
});
afterAll(() => place[Symbol.asyncDispose]());

/** Runs Python in the volume. What it does changes the times of directories: they are put back, but for those in `touched`. */
const harm = (script: string): Promise<string> =>
  inVolume(
    files,
    ['python3', '-'],
    `
import os, shutil, subprocess
os.chdir(b"/data")
paths = [b"."] + [os.path.join(folder, name) for folder, folders, files in os.walk(b".") for name in folders + files]
times, touched = {path: os.lstat(path).st_mtime_ns for path in paths}, set()
def touch(path, more):
    os.utime(path, ns=(0, times[path] + more), follow_symlinks=False)
    touched.add(path)
${script}
for path, time in times.items():
    if os.path.lexists(path) and path not in touched:
        os.utime(path, ns=(0, time), follow_symlinks=False)
`,
  );

const broken: readonly {
  aspect: Aspect;
  what: string;
  by: string;
  entries?: number;
  told: string | RegExp;
}[] = [
  {
    aspect: 'content',
    what: 'one byte of a file, with size and time as they were',
    by: 'open("modes/0600", "r+b").write(b"x")',
    told: /^modes\/0600: content was 100 bytes with SHA-256 \w{64}, is 100 bytes with SHA-256 \w{64}$/,
  },
  {
    aspect: 'content',
    what: 'a byte of the file that is hashed in pieces',
    by: 'with open("large", "r+b") as file: file.seek(1500000); file.write(b"x")',
    told: /^large: content was 2097152 bytes/,
  },
  {
    aspect: 'content',
    what: 'one of a name that is no text',
    by: String.raw`open(b"names/not-utf8-\xff\xfe", "r+b").write(b"x")`,
    told: /^names\/not-utf8-\\xff\\xfe: content was/,
  },
  {
    aspect: 'content',
    what: 'a file that is new',
    by: 'open(b"names/new\\n", "x")',
    told: '"names/new\\n" was not there before',
  },
  {
    aspect: 'content',
    what: 'a directory that is gone',
    by: 'shutil.rmtree("empty/deep")',
    entries: 2,
    told: 'empty/deep is missing, with 1 entry in it',
  },
  {
    aspect: 'content',
    what: 'a file in place of a FIFO',
    by: 'os.remove("names/fifo"); os.close(os.open("names/fifo", os.O_CREAT, 0o644))',
    told: 'names/fifo: was a FIFO, is a file',
  },
  {
    aspect: 'owner',
    what: 'a group',
    by: 'os.chown("modes/0640", -1, 7)',
    told: 'modes/0640: owner was 1001:2001, is 1001:7',
  },
  {
    aspect: 'owner',
    what: 'the owner of a symbolic link',
    by: 'os.lchown("links/dangling", 7, -1)',
    told: 'links/dangling: owner was 1234:5678, is 7:5678',
  },
  {
    aspect: 'mode',
    what: 'permissions',
    by: 'os.chmod("modes/0755", 0o750)',
    told: 'modes/0755: mode was 0755, is 0750',
  },
  {
    aspect: 'set-uid bits',
    what: 'chmod u-s',
    by: 'os.chmod("modes/4755", 0o755)',
    told: 'modes/4755: set-uid mode was 4000, is 0000',
  },
  {
    aspect: 'mtime',
    what: 'five seconds',
    by: 'touch(b"./modes/0444", 5 * 10**9)',
    told: /^modes\/0444: mtime was/,
  },
  {
    aspect: 'mtime below a second',
    what: 'a nanosecond',
    by: 'touch(b"./links/relative", 1 if times[b"./links/relative"] % 10**9 == 0 else -1)',
    told: /^links\/relative: mtime was/,
  },
  {
    aspect: 'symbolic links',
    what: 'a target',
    by: 'os.remove("links/absolute"); os.symlink("elsewhere", "links/absolute")',
    told: 'links/absolute: target was /etc/hostname, is elsewhere',
  },
  {
    aspect: 'symbolic links',
    what: 'one that is gone',
    by: 'os.remove("links/absolute")',
    told: 'links/absolute is missing',
  },
  {
    aspect: 'hard links',
    what: 'one name of four becomes a file of its own',
    by: 'shutil.copy2("links/hard-0", "links/copy"); os.rename("links/copy", "links/hard-0")',
    entries: 4,
    told: 'links/hard-0: number of names was 4 (first links/hard-0), is 1',
  },
  {
    aspect: 'extended attributes',
    what: 'a value',
    by: 'os.setxattr("attributes/user", "user.comment", b"other")',
    told: /^attributes\/user: attributes was user\.binary \(\w+\), user\.comment \(\w+\), is user\.binary/,
  },
  {
    aspect: 'extended attributes',
    what: 'a capability that is gone',
    by: 'os.removexattr("attributes/capability", "security.capability")',
    told: /^attributes\/capability: attributes was security\.capability \(\w+\), is none$/,
  },
  {
    aspect: 'ACLs',
    what: 'the default of a directory',
    by: 'os.removexattr("attributes/default-acl", "system.posix_acl_default")',
    told: /^attributes\/default-acl: ACL was system\.posix_acl_default \(\w+\), is none$/,
  },
  {
    aspect: 'sparse files',
    what: 'a hole that is filled with zeros',
    by: 'subprocess.run(["cp", "--sparse=never", "-p", "sparse", "full"], check=True); os.rename("full", "sparse")',
    told: 'sparse: sparse was true, is false',
  },
  {
    aspect: 'root directory',
    what: 'its owner',
    by: 'os.chown(".", 7, 7); os.chmod(".", 0o2751)',
    told: '.: owner was 1000:1000, is 7:7',
  },
  {
    aspect: 'root directory',
    what: 'its mode',
    by: 'os.chmod(".", 0o2700)',
    told: '.: mode was 0751, is 0700',
  },
  { aspect: 'root directory', what: 'its time', by: 'touch(b".", -5 * 10**9)', told: /^\.: mtime was/ },
];

describe('an aspect turns alone', () => {
  test('none does when nothing was done', async () => {
    const now = await readManifest(files);
    expect(now).toEqual(before);
    const { compared, mismatched, aspects } = await compareFiles(before, now);
    expect({ compared, mismatched }).toEqual({ compared: before.entries, mismatched: 0 });
    expect(aspects.filter((seen) => seen.mismatched > 0 || seen.compared === 0)).toEqual([]);
    expect(aspects).toHaveLength(12);
  });

  for (const { aspect, what, by, told, entries = 1 } of broken)
    test(`${aspect}: ${what}`, async () => {
      await harm(by);
      const now = await readManifest(files);
      const { aspects, differences, mismatched } = await compareFiles(before, now);
      before = now;
      const turned = aspects.filter((seen) => seen.mismatched > 0);
      expect(turned.map((seen) => [seen.aspect, seen.mismatched])).toEqual([[aspect, entries]]);
      expect(mismatched).toBe(entries);
      expect(differences[0]).toEqual(typeof told === 'string' ? told : expect.stringMatching(told));
    });
});

describe('the check', () => {
  test('tells what is lost as said apart from what is a finding', async () => {
    const baseline = await readManifest(files);
    await harm('os.removexattr("attributes/acl", "system.posix_acl_access")');
    const asSaid = filesMatch(() => Promise.resolve(files), baseline, {
      loses: ['ACLs', 'encrypted in the vault'],
    });
    expect(asSaid.doesNotProve).toMatch(/ACLs/);
    expect(asSaid.doesNotProve).not.toMatch(/vault/);
    expect(await asSaid.observe()).toMatchObject({
      compared: baseline.entries,
      mismatched: 0,
      differences: [],
      detail: expect.stringContaining(
        'all equal but for what the method says it loses: ACLs (1 of 1)',
      ) as string,
      aspects: expect.arrayContaining([{ aspect: 'ACLs', compared: 1, mismatched: 1 }]) as unknown,
    });
    expect(await filesMatch(() => Promise.resolve(files), baseline).observe()).toMatchObject({
      mismatched: 1,
      differences: [expect.stringMatching(/^attributes\/acl: ACL was/)],
    });
  });

  test('leaves out what is excluded, with all that is in it', async () => {
    const baseline = await readManifest(files, ['uploads/probes']);
    await inVolume(files, ['touch', '/data/uploads/probes/new']);
    const look = (excluded: string[]) =>
      filesMatch(() => Promise.resolve(files), baseline, { excluded }).observe();
    expect(await look(['uploads/probes'])).toMatchObject({ compared: baseline.entries, differences: [] });
    expect(await look([])).toMatchObject({
      differences: ['uploads/probes was not there before, with 1 entry in it'],
    });
  });

  test('of an empty volume has compared nothing', async () => {
    const empty = place.volume('empty');
    const baseline = await readManifest(empty);
    const look = filesMatch(() => Promise.resolve(empty), baseline).observe();
    expect(await look).toMatchObject({ compared: 0, differences: [] });
  });
});

describe('whatever a volume has', () => {
  test('a path that is longer than the kernel takes is read to its end', async () => {
    const deep = place.volume('deep');
    const bottom = await inVolume(
      deep,
      ['python3', '-'],
      `
import os
os.chdir("/data")
for level in range(30):
    os.mkdir("d" * 200); os.chdir("d" * 200)
open("file", "x").write("deep"); open("large", "xb").write(bytes(2 << 20)); os.symlink("file", "link")`,
    );
    expect(bottom).toBe('');
    const paths: string[] = [];
    for await (const { path } of await readManifest(deep)) paths.push(path);
    expect(paths).toHaveLength(34);
    expect(paths.at(-1)).toMatch(/^(d{200}\/){30}link$/);
  });

  test('a hundred thousand names in one directory are all there, in order', async () => {
    const wide = place.volume('wide');
    await inVolume(wide, [
      'python3',
      '-c',
      'import os\nfor n in range(100_000): os.close(os.open(f"/data/{n * 7919 % 100_000}", os.O_CREAT))',
    ]);
    const manifest = await readManifest(wide);
    expect(manifest.entries).toBe(100_001);
    const { compared, mismatched } = await compareFiles(manifest, await readManifest(wide));
    expect({ compared, mismatched }).toEqual({ compared: 100_001, mismatched: 0 });
  });
});

describe('there is no manifest', () => {
  const program = readFileSync(join(import.meta.dirname, '../../src/check/manifest.py'), 'utf8');
  /** Runs the program itself, with something that happens at a certain moment. */
  const withHook = async (hook: string) =>
    outputOf(
      await files.node.toolbox({
        argv: ['python3', '-c', `${hook}\n${program}`],
        volumes: { files: '/data' },
      }),
    );

  test('of files that are written to meanwhile', async () => {
    const busy = place.volume('busy');
    const untilEnded = new PassThrough();
    const writer = await busy.node.toolbox({
      argv: [
        'python3',
        '-u',
        '-c',
        `
import os, select, sys
file = open("/data/growing", "wb", buffering=0)
file.truncate(256 << 20); file.seek(0, os.SEEK_END)
print("writing")
while not select.select([sys.stdin], [], [], 0.001)[0]: file.write(b"x")`,
      ],
      volumes: { busy: '/data' },
      input: untilEnded,
    });
    try {
      await waitUntil('the writer', async () =>
        writer.io.read() ? { done: true } : { notYet: 'it has said nothing' },
      );
      await expect(readManifest(busy)).rejects.toMatchObject({
        code: 'files-changed',
        message: 'the files of busy could not be read: growing changed while the files were read',
        hint: expect.stringContaining('stop what writes') as string,
      });
    } finally {
      untilEnded.end();
      await writer.exitCode();
    }
  });

  for (const [what, hook, code, reason] of [
    [
      'where a file vanishes before it is opened',
      `import os
opened = os.open
def open_(path, *more, **named):
    if path == b"0444": os.remove("/data/modes/0444")
    return opened(path, *more, **named)
os.open = open_`,
      3,
      'modes/0444 vanished while the files were read',
    ],
    [
      'where a FIFO takes the place of a file, for whose other end nobody waits',
      `import os
opened = os.open
def open_(path, *more, **named):
    if path == b"0600": os.remove("/data/modes/0600"); os.mkfifo("/data/modes/0600")
    return opened(path, *more, **named)
os.open = open_`,
      3,
      'modes/0600 changed while the files were read',
    ],
    [
      'where a directory gets a new name while it is listed',
      `import os
listed = os.listxattr
def listxattr(path, **named):
    if isinstance(path, int) and os.readlink(f"/proc/self/fd/{path}") == "/data/links": open("/data/links/late", "x")
    return listed(path, **named)
os.listxattr = listxattr`,
      3,
      'links changed while the files were read',
    ],
    [
      "where a file can't be read",
      'import os; [os.chmod(path, 0o755) for path in ("/data", "/data/uploads", "/data/uploads/probes")]; os.setgroups([]); os.setgid(9999); os.setuid(9999)',
      1,
      "attributes/acl can't be read: Permission denied",
    ],
    [
      "where a directory can't be listed",
      'import os; os.chmod("/data", 0o755); os.chmod("/data/attributes", 0o700); os.setgroups([]); os.setgid(9999); os.setuid(9999)',
      1,
      "attributes can't be read: Permission denied",
    ],
  ] as const)
    test(what, async () => {
      const { exitCode, stderr, stdout } = await withHook(hook);
      expect({ exitCode, stderr }).toEqual({
        exitCode: code,
        stderr: expect.stringContaining(reason) as string,
      });
      expect(stderr.trim().split('\n')).toHaveLength(1);
      expect(stdout).not.toContain('"entries"');
    });
});
