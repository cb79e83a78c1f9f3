// The manifest of a real volume: one aspect is changed at a time, and only that aspect may differ. Files that change during the read, or
// can't be read, are an error and never left out.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareFiles } from '../../src/check/files/compare-files.ts';
import { filesMatch } from '../../src/check/files/files.ts';
import { readManifest, type FileManifest } from '../../src/check/files/manifest.ts';
import { outputOf } from '../../src/lab/engine/process.ts';
import type { Volume } from '../../src/method/container/volume.ts';
import { FILE_ASPECTS, type Aspect } from '../../src/model/aspect.ts';
import { waitUntil } from '../../src/support/poll.ts';
import { inVolume, openTestSite, seed, type TestSite } from '../support/volumes.ts';

let place: TestSite;
let files: Volume;
let before: FileManifest;

beforeAll(async () => {
  place = await openTestSite('manifest');
  files = place.volume('files');
  before = await seed(files);
});
afterAll(() => place[Symbol.asyncDispose]());

/** Runs Python in the volume, then resets the times of all paths except those in `touched`: changes alter the times of directories. */
const damage = (script: string): Promise<string> =>
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
  difference: string | RegExp;
}[] = [
  {
    aspect: 'content',
    what: 'one byte of a file, with the same size and time',
    by: 'open("modes/0600", "r+b").write(b"x")',
    difference: /^modes\/0600: content was 100 bytes with SHA-256 \w{64}, is 100 bytes with SHA-256 \w{64}$/,
  },
  {
    aspect: 'content',
    what: 'one byte of a large file',
    by: 'with open("large", "r+b") as file: file.seek(1500000); file.write(b"x")',
    difference: /^large: content was 2097152 bytes/,
  },
  {
    aspect: 'content',
    what: 'one byte of a file whose name is not UTF-8',
    by: String.raw`open(b"names/not-utf8-\xff\xfe", "r+b").write(b"x")`,
    difference: /^names\/not-utf8-\\xff\\xfe: content was/,
  },
  {
    aspect: 'content',
    what: 'a new file',
    by: 'open(b"names/new\\n", "x")',
    difference: '"names/new\\n" was not there before',
  },
  {
    aspect: 'content',
    what: 'a missing directory',
    by: 'shutil.rmtree("empty/deep")',
    entries: 2,
    difference: 'empty/deep is missing, with 1 entry in it',
  },
  {
    aspect: 'FIFOs',
    what: 'a file in its place',
    by: 'os.remove("special/fifo"); os.close(os.open("special/fifo", os.O_CREAT, 0o644))',
    difference: 'special/fifo: was a FIFO, is a file',
  },
  {
    aspect: 'owner',
    what: 'another group',
    by: 'os.chown("modes/0640", -1, 7)',
    difference: 'modes/0640: owner was 1001:2001, is 1001:7',
  },
  {
    aspect: 'owner',
    what: 'the owner of a symbolic link',
    by: 'os.lchown("links/dangling", 7, -1)',
    difference: 'links/dangling: owner was 1234:5678, is 7:5678',
  },
  {
    aspect: 'mode',
    what: 'other permissions',
    by: 'os.chmod("modes/0755", 0o750)',
    difference: 'modes/0755: mode was 0755, is 0750',
  },
  {
    aspect: 'set-uid bits',
    what: 'chmod u-s',
    by: 'os.chmod("modes/4755", 0o755)',
    difference: 'modes/4755: set-uid mode was 4000, is 0000',
  },
  {
    aspect: 'mtime',
    what: 'a time five seconds later',
    by: 'touch(b"./modes/0444", 5 * 10**9)',
    difference: /^modes\/0444: mtime was/,
  },
  {
    aspect: 'mtime below a second',
    what: 'a time one nanosecond off',
    by: 'touch(b"./links/relative", 1 if times[b"./links/relative"] % 10**9 == 0 else -1)',
    difference: /^links\/relative: mtime was/,
  },
  {
    aspect: 'mtime before 1970',
    what: 'a time that became 1970',
    by: 'touch(b"./times/1969", 86_400 * 10**9)',
    difference: 'times/1969: mtime was 1969-12-31T00:00:00.123456789Z, is 1970-01-01T00:00:00.123456789Z',
  },
  {
    aspect: 'mtime after 2038',
    what: 'a time 32 bits earlier',
    by: 'touch(b"./times/2100", -(2**32) * 10**9)',
    difference: /^times\/2100: mtime was 2100-01-01T00:00:00.123456789Z, is 1963/,
  },
  {
    aspect: 'mtime after 2262',
    what: 'a time in another year',
    by: 'touch(b"./times/2300", -(2**32) * 10**9)',
    difference: /^times\/2300: mtime was 2300-01-01T00:00:00.123456789Z, is 2163/,
  },
  {
    aspect: 'sockets',
    what: 'a missing one',
    by: 'os.remove("special/socket")',
    difference: 'special/socket is missing',
  },
  {
    aspect: 'devices',
    what: 'another number',
    by: 'os.remove("special/characters"); os.mknod("special/characters", 0o20600, os.makedev(1, 5))',
    difference: 'special/characters: device was 1:7, is 1:5',
  },
  {
    aspect: 'file flags',
    what: 'a removed flag',
    by: 'import fcntl, struct; fcntl.ioctl(open("attributes/no-dump", "rb"), 0x40086602, struct.pack("q", 0))',
    difference: 'attributes/no-dump: flags was d, is none',
  },
  {
    aspect: 'symbolic links',
    what: 'another target',
    by: 'os.remove("links/absolute"); os.symlink("elsewhere", "links/absolute")',
    difference: 'links/absolute: target was /etc/hostname, is elsewhere',
  },
  {
    aspect: 'symbolic links',
    what: 'a missing link',
    by: 'os.remove("links/absolute")',
    difference: 'links/absolute is missing',
  },
  {
    aspect: 'hard links',
    what: 'one name of four becomes a separate file',
    by: 'shutil.copy2("links/hard-0", "links/copy"); os.rename("links/copy", "links/hard-0")',
    entries: 4,
    difference: 'links/hard-0: number of names was 4 (first links/hard-0), is 1',
  },
  {
    aspect: 'extended attributes',
    what: 'another value',
    by: 'os.setxattr("attributes/user", "user.comment", b"other")',
    difference:
      /^attributes\/user: attributes was user\.binary \(\w+\), user\.comment \(\w+\), is user\.binary/,
  },
  {
    aspect: 'file capabilities',
    what: 'a missing one',
    by: 'os.removexattr("attributes/capability", "security.capability")',
    difference: /^attributes\/capability: capability was security\.capability \(\w+\), is none$/,
  },
  {
    aspect: 'ACLs',
    what: 'a missing default ACL of a directory',
    by: 'os.removexattr("attributes/default-acl", "system.posix_acl_default")',
    difference: /^attributes\/default-acl: ACL was system\.posix_acl_default \(\w+\), is none$/,
  },
  {
    aspect: 'sparse files',
    what: 'a hole filled with zeros',
    by: 'subprocess.run(["cp", "--sparse=never", "-p", "sparse", "full"], check=True); os.rename("full", "sparse")',
    difference: 'sparse: sparse was true, is false',
  },
  {
    aspect: 'root directory',
    what: 'its owner',
    by: 'os.chown(".", 7, 7); os.chmod(".", 0o2751)',
    difference: '.: owner was 1000:1000, is 7:7',
  },
  {
    aspect: 'root directory',
    what: 'its mode',
    by: 'os.chmod(".", 0o2700)',
    difference: '.: mode was 0751, is 0700',
  },
  { aspect: 'root directory', what: 'its time', by: 'touch(b".", -5 * 10**9)', difference: /^\.: mtime was/ },
];

describe('only the changed aspect differs', () => {
  test('no aspect differs without a change', async () => {
    const now = await readManifest(files);
    expect(now).toEqual(before);
    const { compared, mismatched, aspects } = await compareFiles(before, now);
    expect({ compared, mismatched }).toEqual({ compared: before.entries, mismatched: 0 });
    expect(aspects.filter((seen) => seen.mismatched > 0 || seen.compared === 0)).toEqual([]);
    // Only a privileged process can make a file immutable.
    expect(aspects).toHaveLength(FILE_ASPECTS.length - 1);
  });

  for (const { aspect, what, by, difference, entries = 1 } of broken)
    test(`${aspect}: ${what}`, async () => {
      await damage(by);
      const now = await readManifest(files);
      const { aspects, differences, mismatched } = await compareFiles(before, now);
      before = now;
      const changed = aspects.filter((seen) => seen.mismatched > 0);
      expect(changed.map((seen) => [seen.aspect, seen.mismatched])).toEqual([[aspect, entries]]);
      expect(mismatched).toBe(entries);
      expect(differences[0]).toEqual(
        typeof difference === 'string' ? difference : expect.stringMatching(difference),
      );
    });
});

describe('the check', () => {
  test('does not count an aspect that the method loses as a difference', async () => {
    const baseline = await readManifest(files);
    await damage('os.removexattr("attributes/acl", "system.posix_acl_access")');
    const tolerant = filesMatch(() => Promise.resolve(files), baseline, {
      loses: ['ACLs', 'encrypted in the vault'],
    });
    expect(tolerant.doesNotProve).toMatch(/ACLs/);
    expect(tolerant.doesNotProve).not.toMatch(/vault/);
    expect(await tolerant.observe()).toMatchObject({
      compared: baseline.entries,
      mismatched: 0,
      differences: [],
      detail: expect.stringContaining(
        'all equal except what the method declares as lost: ACLs (1 of 1)',
      ) as string,
      aspects: expect.arrayContaining([{ aspect: 'ACLs', compared: 1, mismatched: 1 }]) as unknown,
    });
    expect(await filesMatch(() => Promise.resolve(files), baseline).observe()).toMatchObject({
      mismatched: 1,
      differences: [expect.stringMatching(/^attributes\/acl: ACL was/)],
    });
  });

  test('leaves out excluded directories with their contents', async () => {
    const baseline = await readManifest(files, ['uploads/probes']);
    await inVolume(files, ['touch', '/data/uploads/probes/new']);
    const observe = (excluded: string[]) =>
      filesMatch(() => Promise.resolve(files), baseline, { excluded }).observe();
    expect(await observe(['uploads/probes'])).toMatchObject({
      compared: baseline.entries,
      differences: [],
      // The directory and the new file.
      excluded: expect.arrayContaining([{ what: 'uploads/probes', count: 2 }]) as unknown,
    });
    expect(await observe([])).toMatchObject({
      differences: ['uploads/probes was not there before, with 1 entry in it'],
    });
  });

  test('compares nothing in an empty volume', async () => {
    const empty = place.volume('empty');
    const baseline = await readManifest(empty);
    const observed = await filesMatch(() => Promise.resolve(empty), baseline).observe();
    expect(observed).toMatchObject({ compared: 0, differences: [] });
  });
});

describe('unusual volumes', () => {
  test('reads a path that is longer than the kernel allows', async () => {
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

  test('reads a hundred thousand names in one directory, in order', async () => {
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

describe('fails', () => {
  const program = readFileSync(join(import.meta.dirname, '../../src/check/files/manifest.py'), 'utf8');
  /** Runs the program with a hook that changes something at a certain moment. */
  const withHook = async (hook: string) =>
    outputOf(
      await files.node.startTool({
        argv: ['python3', '-c', `${hook}\n${program}`],
        volumes: { files: '/data' },
      }),
    );

  test('if a file is written during the read', async () => {
    const busy = place.volume('busy');
    const untilEnded = new PassThrough();
    const writer = await busy.node.startTool({
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
        writer.io.read() ? { done: true } : { notYet: 'it has printed nothing' },
      );
      await expect(readManifest(busy)).rejects.toMatchObject({
        code: 'files-changed',
        message: 'the files of busy could not be read: growing changed while the files were read',
        hint: expect.stringContaining('Stop what writes') as string,
      });
    } finally {
      untilEnded.end();
      await writer.exitCode();
    }
  });

  for (const [what, hook, code, reason] of [
    [
      'if a file vanishes before it is opened',
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
      'if a FIFO that no program writes to replaces a file',
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
      'if a name is added to a directory while it is listed',
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
      "if a file can't be read",
      'import os; [os.chmod(path, 0o755) for path in ("/data", "/data/uploads", "/data/uploads/probes")]; os.setgroups([]); os.setgid(9999); os.setuid(9999)',
      1,
      "attributes/acl can't be read: Permission denied",
    ],
    [
      "if a directory can't be listed",
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
