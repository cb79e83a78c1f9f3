import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { appendEntry } from '../../../src/evidence/ledger/append.ts';
import { sealRun } from '../../../src/evidence/seal-run.ts';
import { createKeyPair, parseSigningKey } from '../../../src/evidence/signing/keys.ts';
import { Run } from '../../../src/report/schema.ts';
import { writeRunReport } from '../../../src/report/write.ts';
import { type MadeRun, SampleReports } from '../../support/evidence/signed-run.ts';
import { pin, pointOf, problemsOf } from '../../support/evidence/verified.ts';
import { notRecoveredSample, recoveredSample } from '../../support/report/samples.ts';

interface Scene {
  readonly reports: SampleReports;
  readonly first: MadeRun;
  readonly second: MadeRun;
  /** Path of a file of the second run. */
  readonly at: (file: string) => string;
  readonly ledger: string;
}

/** Makes two runs of one drill, breaks something, and returns what the verifier says. */
async function findProblems(breakIt: (scene: Scene) => Promise<unknown>): Promise<string[]> {
  await using reports = await SampleReports.create();
  const first = await reports.addRun();
  const second = await reports.addRun({ startedAt: '2026-11-24T02:15:07.120Z' });
  const ledger = path.join(reports.path, 'ledger.jsonl');
  expect(await problemsOf(reports.path, await pin(reports))).toEqual([]);
  await breakIt({ reports, first, second, ledger, at: (file) => path.join(second.directory, file) });
  return await problemsOf(reports.path, await pin(reports));
}

const edit = async (file: string, change: (text: string) => string): Promise<void> => {
  const text = await readFile(file, 'utf8');
  const changed = change(text);
  expect(changed).not.toBe(text);
  await writeFile(file, changed);
};
const editLines = (file: string, change: (lines: string[]) => string[]): Promise<void> =>
  edit(file, (text) => `${change(text.trimEnd().split('\n')).join('\n')}\n`);

test.each<[string, (scene: Scene) => Promise<unknown>, string]>([
  [
    'a changed log',
    ({ at }) => edit(at('total-loss/logs/m1.log'), (text) => `${text}!`),
    '4: total-loss/logs/m1.log: was changed',
  ],
  ['a removed log', ({ at }) => rm(at('total-loss/logs/m1.log')), '4: total-loss/logs/m1.log: is missing'],
  [
    'an added file',
    ({ at }) => writeFile(at('note.txt'), 'all is well'),
    '4: note.txt: in no statement: it was added later',
  ],
  [
    'a verdict that was edited in a report',
    ({ at }) => edit(at('total-loss/report.json'), (text) => text.replace('"recovered"', '"not-recovered"')),
    '5: total-loss/report.json: is not what the journal says',
  ],
  [
    'a verdict that was edited in a page, which was signed again with the right key',
    async ({ at, reports, second }) => {
      await edit(at('total-loss/report.html'), (text) => text.replaceAll('Recovered', 'Not recovered'));
      await rm(at('evidence.sigstore.json'));
      await sealRun({
        authority: undefined,
        directory: second.directory,
        run: await readRun(at('run.json')),
        key: signingKey(reports.key),
      });
    },
    '5: total-loss/report.html: the page shows another verdict than the journals give',
  ],
  [
    'a cut journal',
    ({ at }) => editLines(at('total-loss/journal.jsonl'), (lines) => lines.slice(0, -3)),
    '5: total-loss/report.json: is not what the journal says',
  ],
  [
    'a drill that was removed with its directory',
    ({ at }) => rm(at('total-loss'), { recursive: true }),
    '6: total-loss: was planned and has no journal: it was removed or never started',
  ],
  [
    'a plan that was edited',
    ({ at }) => edit(at('plan.json'), (text) => text.replace('"rtoSeconds":90', '"rtoSeconds":900')),
    '7: 2026-11-24T02-15-07Z/plan.json: not the plan that was recorded at the start',
  ],
  [
    'a statement without its signature',
    async ({ at }) => {
      const { dsseEnvelope } = JSON.parse(await readFile(at('evidence.sigstore.json'), 'utf8')) as {
        dsseEnvelope: { payload: string };
      };
      await writeFile(at('evidence.json'), Buffer.from(dsseEnvelope.payload, 'base64'));
      await rm(at('evidence.sigstore.json'));
    },
    '1: evidence.json: the run is unsigned',
  ],
  [
    'a removed statement',
    ({ at }) => rm(at('evidence.sigstore.json')),
    '1: evidence.sigstore.json: the run has no statement: it never ended, or its statement was removed',
  ],
  [
    'a line of the ledger that was dropped',
    ({ ledger }) => editLines(ledger, (lines) => lines.toSpliced(1, 1)),
    '7: ledger.jsonl:2: a line was dropped, added or moved',
  ],
  [
    'two lines of the ledger that were swapped',
    ({ ledger }) => editLines(ledger, ([a = '', b = '', ...rest]) => [b, a, ...rest]),
    '7: ledger.jsonl:1: a line was dropped, added or moved',
  ],
  [
    'a line of the ledger that was changed',
    ({ ledger }) => edit(ledger, (text) => text.replace('"exitCode":0', '"exitCode":1')),
    '7: ledger.jsonl:3: the line before it was changed, dropped or moved',
  ],
  [
    'a ledger whose end was cut off',
    ({ ledger }) => editLines(ledger, (lines) => lines.slice(0, 2)),
    '7: ledger.sigstore.json: the ledger was cut',
  ],
  [
    'a run whose lines were cut off the ledger',
    ({ ledger }) => editLines(ledger, (lines) => lines.slice(0, 2)),
    '7: 2026-11-24T02-15-07Z: the ledger does not have this run: its entries were removed, or it was made elsewhere',
  ],
  ['a ledger that is gone', ({ ledger }) => rm(ledger), '7: ledger.jsonl: is missing'],
  [
    'a run whose directory was removed',
    ({ first }) => rm(first.directory, { recursive: true }),
    '7: ledger.jsonl:2: the run 2026-11-23T02-15-07Z is hidden: the ledger has it, and its files are gone',
  ],
  [
    'a run of another branch of the ledger',
    async ({ reports, second }) => {
      await using branch = await SampleReports.create();
      const sameKey = { key: reports.key };
      await branch.addRun({ ...sameKey, startedAt: '2026-11-22T02:15:07.120Z' });
      await branch.addRun({ ...sameKey, startedAt: '2026-11-24T02:15:07.120Z' });
      await rm(second.directory, { recursive: true });
      await cp(path.join(branch.path, '2026-11-24T02-15-07Z'), second.directory, { recursive: true });
    },
    '7: 2026-11-24T02-15-07Z/plan.json: fork: the run began on another ledger than this one',
  ],
  [
    'a run that was signed again with another key',
    async ({ at, second }) => {
      await rm(at('evidence.sigstore.json'));
      await sealRun({
        authority: undefined,
        directory: second.directory,
        run: await readRun(at('run.json')),
        key: signingKey(createKeyPair()),
      });
    },
    '1: evidence.sigstore.json: signed with another key',
  ],
  [
    'an edited verdict that was hashed and signed again with the right key',
    async ({ at, reports, second }) => {
      for (const file of ['run.json', 'total-loss/report.json'])
        await edit(at(file), (text) =>
          text.replaceAll('"verdict": "recovered"', '"verdict": "inconclusive"'),
        );
      await rm(at('evidence.sigstore.json'));
      await sealRun({
        authority: undefined,
        directory: second.directory,
        run: await readRun(at('run.json')),
        key: signingKey(reports.key),
      });
    },
    '6: evidence.sigstore.json: claims another verdict than the journals have',
  ],
  [
    'a run that started and never ended',
    async ({ reports }) => reports.startRun({ startedAt: '2026-11-23T20:00:00.000Z' }),
    '7: ledger.jsonl:5: the run 2026-11-23T20-00-00Z started and never ended: it was killed, or its result was withheld',
  ],
  [
    'an entry that was added without the key',
    async ({ reports, ledger }) => {
      const head = await readFile(path.join(reports.path, 'ledger.sigstore.json'), 'utf8');
      await appendEntry(
        reports.path,
        { event: 'removed', run: '0'.repeat(16), directory: 'gone', statement: null, reason: 'space' },
        signingKey(createKeyPair()),
      );
      expect(head).not.toBe('');
      expect(await readFile(ledger, 'utf8')).toContain('"removed"');
    },
    '7: ledger.sigstore.json: not signed with a pinned key, or changed',
  ],
])('finds %s', async (_title, breakIt, problem) => {
  expect(await findProblems(breakIt)).toContainEqual(problem);
});

test('finds an edited journal that was rendered, hashed and signed again, by the ledger', async () => {
  const problems = await findProblems(async ({ at, reports, second }) => {
    const swapped = recoveredSample().filter((event) => event.event !== 'written');
    await writeFile(
      at('total-loss/journal.jsonl'),
      swapped.map((event) => `${JSON.stringify(event)}\n`).join(''),
    );
    const before = await readFile(path.join(reports.path, 'ledger.jsonl'));
    const head = await readFile(path.join(reports.path, 'ledger.sigstore.json'));
    const run = await writeRunReport(second.directory);
    await sealRun({ authority: undefined, directory: second.directory, run, key: signingKey(reports.key) });
    await writeFile(path.join(reports.path, 'ledger.jsonl'), before);
    await writeFile(path.join(reports.path, 'ledger.sigstore.json'), head);
  });
  expect(problems).toContainEqual(
    '7: 2026-11-24T02-15-07Z: not the statement that the ledger recorded: the run was signed again after it ended',
  );
});

test('finds that the ledger is not the one whose head the auditor kept', async () => {
  await using reports = await SampleReports.create();
  await using other = await SampleReports.create();
  await reports.addRun();
  await other.addRun({ key: reports.key, startedAt: '2026-11-22T02:15:07.120Z' });
  const earlierHead = path.join(other.path, 'ledger.sigstore.json');
  expect(await problemsOf(reports.path, await pin(reports, { earlierHead }))).toEqual([
    `7: ${earlierHead}: the ledger was changed, or is another branch`,
  ]);
});

test('accepts a ledger that continues the head that the auditor kept', async () => {
  await using reports = await SampleReports.create();
  await reports.addRun();
  const earlierHead = path.join(reports.path, '..', 'kept.json');
  await cp(path.join(reports.path, 'ledger.sigstore.json'), earlierHead);
  await reports.addRun({ startedAt: '2026-11-24T02:15:07.120Z' });
  const { outcomes, seen } = await pointOf(7, reports.path, await pin(reports, { earlierHead }));
  expect(outcomes).toEqual(['passed']);
  expect(seen).toContainEqual(expect.stringContaining('continues the head of'));
});

test('does not decide about a run without a key, and says why', async () => {
  await using reports = await SampleReports.create();
  await reports.addRun({ key: null });
  const { exitCode, notShown } = await pointOf(1, reports.path, await pin(reports, { keys: [] }));
  expect({ exitCode, notShown }).toEqual({
    exitCode: 2,
    notShown: ['the run is unsigned: anyone who can write the directory can have made it'],
  });
});

test('accepts a run that did not recover: the evidence of a failure is evidence', async () => {
  await using reports = await SampleReports.create();
  const { directory } = await reports.addRun({ drills: [notRecoveredSample()] });
  const problems = await problemsOf(directory, await pin(reports));
  expect(problems).toEqual([
    '10: 2026-11-23T02-15-07Z/total-loss: the finding is open: no one linked a run that closes it',
  ]);
});

const signingKey = ({ privatePem }: { privatePem: string }) =>
  parseSigningKey(privatePem, 'the key of the test');
const readRun = async (file: string): Promise<Run> => Run.parse(JSON.parse(await readFile(file, 'utf8')));
