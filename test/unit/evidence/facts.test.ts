import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseDuration } from '../../../src/evidence/facts/duration.ts';
import { loadFacts, parseFacts } from '../../../src/evidence/facts/load.ts';
import { createKeyPair } from '../../../src/evidence/signing/keys.ts';
import { sha256 } from '../../../src/support/sha256.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'swarm-drill-facts-'));
});
afterEach(() => rm(home, { recursive: true }));

test('reads the facts of a project, and resolves the files of keys to their ids', async () => {
  const [ada, ben] = [createKeyPair(), createKeyPair()];
  await writeFile(join(home, 'ada.pub.pem'), ada.publicPem);
  const text = `
system: Shop
controls: [{ framework: SOC 2, id: A1.3, not-evidence-for: failover of the site }]
frequency: [{ tag: nightly, every: 26h }, { drill: total-loss, every: 7d }]
people:
  operators: [{ name: Ada, key: ada.pub.pem }]
  reviewers: [{ name: Ben, key: ${ben.id} }]
exclusions: [{ object: plugins, reason: none, accepted-by: Ada, until: 2027-06-01 }]
`;
  await writeFile(join(home, 'evidence.yml'), text);
  const loaded = await loadFacts(undefined, home);
  expect(loaded?.sha256).toBe(sha256(text));
  expect(loaded?.facts).toMatchObject({
    people: { operators: [{ name: 'Ada', key: ada.id }], reviewers: [{ name: 'Ben', key: ben.id }] },
    exclusions: [{ until: '2027-06-01' }],
  });
});

test('has no facts without a file, and fails for one that is named and missing', async () => {
  expect(await loadFacts(undefined, home)).toBeNull();
  await expect(loadFacts('other.yml', home)).rejects.toMatchObject({
    blame: 'usage',
    message: "other.yml: can't be read (ENOENT)",
  });
});

test.each([
  ['a typo in a field', 'system: Shop\nownr: me\n', 'evidence.yml, line 1: the file: unknown field ownr'],
  [
    'an unknown kind of object',
    'exclusions:\n  - object: plugin\n    reason: x\n    accepted-by: y\n    until: 2027-01-01\n',
    'evidence.yml, line 2: exclusions.0.object: invalid option: expected one of',
  ],
  [
    'a duration without a unit',
    'frequency:\n  - tag: nightly\n    every: 26\n',
    'evidence.yml, line 3: frequency.0.every: invalid input: expected string, got 26',
  ],
  [
    'a date that does not exist',
    'exclusions: [{ object: plugins, reason: x, accepted-by: y, until: 2027-02-30 }]',
    'evidence.yml, line 1: exclusions.0.until: invalid ISO date, got "2027-02-30"',
  ],
  ['a list instead of a mapping', '- a\n', 'evidence.yml, line 1: the file: invalid input: expected object'],
  ['broken YAML', 'system: Shop\nowner: [a\n', 'evidence.yml, line'],
  ['a missing field', 'policy:\n  url: https://a.example\n', 'evidence.yml, line 2: policy.document: '],
])('names file, line, what was expected and what came for %s', (_, text, expected) => {
  expect(() => parseFacts(text, 'evidence.yml')).toThrow(expected);
});

test('an empty file states nothing', () => {
  expect(parseFacts('# nothing yet\n', 'evidence.yml')).toEqual({});
});

test.each([
  ['90min', 5400],
  ['26h', 93_600],
  ['7d', 604_800],
  ['2w', 1_209_600],
])('reads %s as %d seconds', (text, expected) => {
  expect(parseDuration(text)).toBe(expected);
});

test.each(['26', '0h', '1.5h', 'h', '7 d'])('refuses the duration %s', (text) => {
  expect(() => parseDuration(text)).toThrow(`got "${text}"`);
});
