import { DOMParser } from '@xmldom/xmldom';
import { expect, test } from 'vitest';
import { buildReport } from '../../../src/report/build.ts';
import { renderJunit } from '../../../src/report/junit.ts';
import { buildRun } from '../../../src/report/run.ts';
import { inconclusiveSample, notRecoveredSample, recoveredSample } from '../../support/report/samples.ts';

const junitOf = (...journals: Parameters<typeof buildReport>[0][]): string =>
  renderJunit(buildRun(journals.map((events) => buildReport(events))));

test('has no failure and no error for a recovered drill, and skips unproven checks that are not required', () => {
  const xml = junitOf(recoveredSample());
  expect(xml).toContain('tests="11" failures="0" errors="0" skipped="1"');
  expect(xml).toContain('<skipped message="unproven: not testable here: the kernel has no xfrm module"/>');
});

test('reports a failed check as a failure with its differences, and the verdict as a failure', () => {
  const xml = junitOf(notRecoveredSample());
  expect(xml).toContain('failures="2" errors="0"');
  expect(xml).toContain('<failure message="3 of 500 rows differ">entry 117: amount 2500 &lt;&gt; 2050');
});

test('reports a missed RPO as a failure when every write is lost within it', () => {
  const events = recoveredSample().map((event) =>
    event.event === 'surviving' ? { ...event, ids: [] } : event,
  );
  expect(junitOf(events)).toContain('<failure message="RPO 30.0 s, RPA everything lost, at least 21.4 s"/>');
});

test('reports a drill that stopped early as an error', () => {
  const xml = junitOf(inconclusiveSample());
  expect(xml).toContain(
    '<error message="the journal stops in restore, in the step &quot;ledger_database runs&quot;"/>',
  );
});

test('adds up the counts of all drills', () => {
  expect(junitOf(recoveredSample(), notRecoveredSample())).toContain(
    '<testsuites name="swarm-drill" tests="22" failures="2" errors="0" skipped="2"',
  );
});

test('stays well-formed with any name or output', () => {
  const report = buildReport(recoveredSample(), {});
  report.name = '"<script>&\u001b[31m\ud800';
  const xml = renderJunit(buildRun([report]));
  expect(xml).toContain('name="&quot;&lt;script&gt;&amp;\ufffd[31m\ufffd"');
  expect(xml).not.toContain('<script>');
  const [suite] = new DOMParser().parseFromString(xml, 'text/xml').getElementsByTagName('testsuite');
  expect(suite?.getAttribute('name')).toBe('"<script>&\ufffd[31m\ufffd');
});
