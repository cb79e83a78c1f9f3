import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { Journal } from '../../../src/drill/journal.ts';
import { parseJournal, selectEvents } from '../../../src/report/journal-reader.ts';
import { commandLine } from '../../../src/support/shell.ts';
import { step, withTrace } from '../../../src/support/trace.ts';
import { createInMemorySwarm } from '../../support/in-memory-swarm.ts';

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

/** Returns the steps that a journal has after `body` ran. */
async function journalOf(body: () => Promise<unknown>) {
  const directory = mkdtempSync(join(tmpdir(), 'swarm-drill-journal-'));
  directories.push(directory);
  using journal = new Journal(directory);
  await withTrace(journal, new AbortController().signal, body);
  const { events } = parseJournal(readFileSync(join(directory, 'journal.jsonl'), 'utf8'));
  return selectEvents(events, 'step');
}

test('records the command of a step, and none where there is none', async () => {
  const command = { on: 'manager-1', line: 'docker swarm unlock' };
  const steps = await journalOf(async () => {
    await step('unlock', () => undefined, { command });
    await step('wait', () => undefined);
  });
  expect(steps).toMatchObject([{ name: 'unlock', command }, { name: 'wait' }]);
  expect(steps[1]).not.toHaveProperty('command');
});

test('records what an operator types to label a node', async () => {
  const { swarm } = createInMemorySwarm({}, { workers: 1 });
  const steps = await journalOf(() => swarm.label('worker-1', { data: 'ledger', note: "it's here" }));
  expect(steps.map(({ command }) => command)).toEqual([
    {
      on: 'manager-1',
      line: `docker node update --label-add data=ledger --label-add 'note=it'\\''s here' worker-1`,
    },
  ]);
});

test.for([
  [['docker', 'node', 'rm', '--force', 'x2k'], 'docker node rm --force x2k'],
  [['tar', '--exclude=a b', '-C', '/var/lib'], "tar '--exclude=a b' -C /var/lib"],
  [['echo', '', '$HOME', '*'], "echo '' '$HOME' '*'"],
] as const)('quotes only the words of %j that need it', ([argv, line]) => {
  expect(commandLine(argv)).toBe(line);
});
