import { mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { JournalEvent } from '../../../src/drill/events.ts';
import { JOURNAL_VERSION } from '../../../src/drill/events.ts';
import { asText, notRecoveredSample, recoveredSample } from '../../support/report/samples.ts';
import { Report, Run } from '../../../src/report/schema.ts';
import { writeDrillReport, writeRunReport } from '../../../src/report/write.ts';

let reports: string;
beforeEach(async () => {
  reports = await mkdtemp(path.join(os.tmpdir(), 'swarm-drill-'));
});
afterEach(() => rm(reports, { recursive: true }));

async function journalOf(run: string, drill: string, text: string): Promise<string> {
  const dir = path.join(reports, run, drill);
  await mkdir(dir, { recursive: true });
  await writeFile(path.join(dir, 'journal.jsonl'), text);
  return dir;
}
const named = (events: JournalEvent[], name: string): string =>
  asText(events.map((event) => (event.event === 'plan' ? { ...event, name } : event)));

test('writes an index, run.json and junit.xml for a run, a report for each drill, and leaves no temporary file', async () => {
  await journalOf('2026-11-23T02-15-07Z', 'quorum-loss', named(recoveredSample(), 'quorum-loss'));
  const dir = await journalOf(
    '2026-11-23T02-15-07Z',
    'total-loss',
    named(notRecoveredSample(), 'total-loss'),
  );
  const runDir = path.dirname(dir);

  const run = await writeRunReport(runDir);

  expect(run).toMatchObject({ verdict: 'not-recovered', exitCode: 1 });
  expect(await readdir(path.join(runDir, 'by-failure'))).toEqual([
    'total-loss-the-ledger-comes-back-from-the-off-site-backup.html',
  ]);
  expect((await readdir(runDir)).sort()).toEqual([
    'by-failure',
    'index.html',
    'junit.xml',
    'quorum-loss',
    'run.json',
    'total-loss',
  ]);
  expect((await readdir(dir)).sort()).toEqual(['journal.jsonl', 'report.html', 'report.json']);
  expect(Run.parse(JSON.parse(await readFile(path.join(runDir, 'run.json'), 'utf8')))).toEqual(run);
  const report = Report.parse(JSON.parse(await readFile(path.join(dir, 'report.json'), 'utf8')));
  expect(run.drills).toContainEqual(report);
});

test('points `latest` at the newest run, never at an older one', async () => {
  const text = asText(recoveredSample());
  const [first, second] = ['2026-11-23T02-15-07Z', '2026-11-24T02-15-07Z'];
  for (const run of [first, second, first]) {
    await journalOf(run, 'total-loss', text);
    await writeRunReport(path.join(reports, run));
  }
  expect(await readlink(path.join(reports, 'latest'))).toBe(second);

  await rm(path.join(reports, second), { recursive: true });
  await writeRunReport(path.join(reports, first));
  expect(await readlink(path.join(reports, 'latest'))).toBe(first);
});

test('writes a report for an empty journal, named after its directory', async () => {
  const dir = await journalOf('run', 'total-loss', '');
  expect(await writeDrillReport(dir)).toMatchObject({ name: 'total-loss', verdict: 'inconclusive' });
});

test('rejects a journal of version 1 and says what to do', async () => {
  const old = asText(recoveredSample()).replace(`"journal":${JOURNAL_VERSION}`, '"journal":1');
  const dir = await journalOf('run', 'total-loss', old);
  await expect(writeDrillReport(dir)).rejects.toMatchObject({
    blame: 'usage',
    message: `${path.join(dir, 'journal.jsonl')}: journal has version 1 (expected version ${JOURNAL_VERSION})`,
  });
  await expect(writeRunReport(path.dirname(dir))).rejects.toMatchObject({ blame: 'usage' });
});

test('rejects a directory without journals', async () => {
  await expect(writeDrillReport(reports)).rejects.toMatchObject({ blame: 'usage' });
  await expect(writeRunReport(reports)).rejects.toMatchObject({ blame: 'usage' });
  await expect(writeRunReport(path.join(reports, 'nowhere'))).rejects.toMatchObject({ blame: 'usage' });
});
