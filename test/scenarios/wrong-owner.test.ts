// Restores whose files root can read and write, and the service can't.
import { expect, test } from 'vitest';
import drill from '../../drills/wrong-owner.drill.ts';
import { helperTar } from '../support/naive-methods.ts';
import type { Notes } from '../../fixtures/notes/notes.ts';
import { differencesOf, failedChecks, naive } from '../support/scenario.ts';

const backedUpWith = (method: ReturnType<typeof helperTar>) =>
  naive(drill, {
    backup: async ({ vault, seeded }) => ({
      files: await vault.keep(method, await (seeded as unknown as { pad: Notes }).pad.volume()),
    }),
  });

test('restores everything in a directory, and not the directory', async () => {
  const report = await backedUpWith(helperTar('*'));
  expect(failedChecks(report)).toEqual(['mounted volumes match']);
  expect(differencesOf(report, 'mounted volumes match')).toEqual([
    'notes_pad.1: /srv/notes: owner of its root directory: expected 1000:1000, got 0:0',
    "notes_pad.1: /srv/notes: the service's user can't create files in its root directory",
  ]);
  expect(report.verdict).toBe('not-recovered');
});

test('restores as root, without the owners: everything can be read, and the service can not write', async () => {
  const report = await backedUpWith(helperTar('.', ['--no-same-owner']));
  expect(report).toMatchObject({
    verdict: 'not-recovered',
    failure: { phase: 'first-response', detail: expect.stringMatching(/Permission denied/) },
  });
});
