import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadRecipients } from '../../../src/notify/load.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'swarm-drill-test-'));
});
afterEach(() => rm(directory, { recursive: true }));

async function file(text: string): Promise<string> {
  const path = join(directory, 'evidence.yml');
  await writeFile(path, text);
  return path;
}

test('reads the part of evidence.yml that it knows', async () => {
  const path = await file('system: Shop\nnotify:\n  - kind: slack\n    url-env: SLACK\n    when: change\n');
  expect(await loadRecipients(undefined, path)).toEqual({
    targets: [{ kind: 'slack', 'url-env': 'SLACK', when: 'change' }],
    directory,
  });
});

test('informs no one without the file or without targets in it', async () => {
  expect((await loadRecipients(undefined, join(directory, 'none.yml'))).targets).toEqual([]);
  expect((await loadRecipients(undefined, await file('system: Shop\n'))).targets).toEqual([]);
});

test('refuses a named file that is missing, or informs no one', async () => {
  await expect(loadRecipients(join(directory, 'none.yml'), 'evidence.yml')).rejects.toThrow(
    "can't be read (ENOENT)",
  );
  await expect(loadRecipients(await file('notify: []\n'), 'evidence.yml')).rejects.toThrow(
    'expected a list `notify` with at least one target',
  );
});

test('names the line of a mistake, and does not show a secret that was written there', async () => {
  const path = await file(
    'notify:\n  - kind: ping\n    url-file: p\n  - kind: slack\n    url-env: https://hooks/T0SECRET\n',
  );
  const error = await loadRecipients(undefined, path).catch((caught: unknown) => String(caught));
  expect(error).toContain(
    'evidence.yml, line 5: notify.1.url-env: expected the name of an environment variable',
  );
  expect(error).not.toContain('T0SECRET');
});

test.each([
  ['kind: pager', 'line 2: notify.0.kind: '],
  ['kind: slack', 'line 2: notify.0: expected one of url-file and url-env'],
  ['{ kind: slack, url-env: A, channel: b }', 'line 2: notify.0: unknown field channel'],
])('says what is wrong with %s', async (target, message) => {
  await expect(loadRecipients(undefined, await file(`notify:\n  - ${target}\n`))).rejects.toThrow(message);
});
