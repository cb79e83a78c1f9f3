// Renders junit.xml of a run, for CI servers: a suite per drill, a case per check, and one each for end, objectives and verdict.
import { DOMImplementation, XMLSerializer, type Element } from '@xmldom/xmldom';
import { formatRpa, missesRpo } from '../drill/writes/data-loss.ts';
import { missesRto } from '../drill/verdict/verdict.ts';
import { formatSeconds } from '../support/clock.ts';
import type { Report, Run } from './schema.ts';

type CaseOutcome =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failure' | 'error' | 'skipped'; readonly message: string; readonly detail?: string };
interface TestCase {
  readonly name: string;
  readonly seconds: number;
  readonly outcome: CaseOutcome;
}
const passed: CaseOutcome = { kind: 'passed' };

export function renderJunit(run: Run): string {
  const suites = run.drills.map((report) => ({ report, cases: listCases(report) }));
  const all = suites.flatMap(({ cases }) => cases);
  const seconds = run.drills.reduce((sum, report) => sum + report.totalSeconds, 0);
  const root = createElement(
    'testsuites',
    { name: 'swarm-drill', ...countCases(all, seconds) },
    suites.map(({ report: { name, startedAt, totalSeconds }, cases }) =>
      createElement(
        'testsuite',
        { name, timestamp: startedAt, ...countCases(cases, totalSeconds) },
        cases.map((item) => createCase(name, item)),
      ),
    ),
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(root)}\n`;
}

const listCases = (report: Report): TestCase[] => [
  { name: 'the drill ran to its end', seconds: report.totalSeconds, outcome: completionOutcome(report) },
  {
    name: 'objectives met',
    seconds: report.actual.rtaSeconds ?? 0,
    outcome: objectivesOutcome(report),
  },
  { name: 'verdict is recovered', seconds: 0, outcome: verdictOutcome(report) },
  ...report.checks.map((check) => ({
    name: `check: ${check.name}`,
    seconds: check.seconds,
    outcome: checkOutcome(check),
  })),
];

function completionOutcome({ failure, complete, reason }: Report): CaseOutcome {
  if (failure)
    return {
      kind: failure.blame === 'finding' ? 'failure' : 'error',
      message: `${failure.phase}: ${failure.reason}`,
      detail: failure.detail,
    };
  return complete ? passed : { kind: 'error', message: reason };
}

function objectivesOutcome({ objectives, actual }: Report): CaseOutcome {
  const { rtoSeconds: rto, rpoSeconds: rpo } = objectives;
  const { rtaSeconds: rta, rpaSeconds: rpa } = actual;
  const unmeasured = 'not measured';
  const asked: { text: string; isMeasured: boolean; isMissed: boolean }[] = [];
  if (rto !== null)
    asked.push({
      text: `RTO ${formatSeconds(rto)}, RTA ${rta === null ? unmeasured : formatSeconds(rta)}`,
      isMeasured: rta !== null,
      isMissed: missesRto(actual, rto),
    });
  if (rpo !== null)
    asked.push({
      text: `RPO ${formatSeconds(rpo)}, RPA ${formatRpa(actual, unmeasured)}`,
      isMeasured: rpa !== null,
      isMissed: missesRpo(actual, rpo),
    });
  if (asked.length === 0) return { kind: 'skipped', message: 'the drill has no objective' };
  const textOf = (some: typeof asked): string => some.map(({ text }) => text).join('; ');
  const missed = asked.filter(({ isMissed }) => isMissed);
  if (missed.length > 0) return { kind: 'failure', message: textOf(missed) };
  const open = asked.filter(({ isMeasured }) => !isMeasured);
  return open.length > 0 ? { kind: 'error', message: textOf(open) } : passed;
}

function verdictOutcome({ verdict, reason }: Report): CaseOutcome {
  if (verdict === 'recovered') return passed;
  return { kind: verdict === 'not-recovered' ? 'failure' : 'error', message: `${verdict}: ${reason}` };
}

function checkOutcome(check: Report['checks'][number]): CaseOutcome {
  if (check.result === 'pass') return passed;
  const detail = check.differences.join('\n');
  if (check.result === 'fail') return { kind: 'failure', message: check.detail, detail };
  return { kind: check.required ? 'error' : 'skipped', message: `unproven: ${check.detail}`, detail };
}

const countCases = (cases: readonly TestCase[], seconds: number) => ({
  tests: cases.length,
  failures: cases.filter(({ outcome }) => outcome.kind === 'failure').length,
  errors: cases.filter(({ outcome }) => outcome.kind === 'error').length,
  skipped: cases.filter(({ outcome }) => outcome.kind === 'skipped').length,
  time: seconds.toFixed(3),
});

function createCase(classname: string, { name, seconds, outcome }: TestCase): Element {
  const result =
    outcome.kind === 'passed'
      ? []
      : [createElement(outcome.kind, { message: outcome.message }, outcome.detail ? [outcome.detail] : [])];
  return createElement('testcase', { classname, name, time: seconds.toFixed(3) }, result);
}

const factory = new DOMImplementation().createDocument(null, '');

function createElement(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  children: readonly (Element | string)[],
): Element {
  const made = factory.createElement(name);
  for (const [key, value] of Object.entries(attributes))
    made.setAttribute(key, replaceForbidden(String(value)));
  for (const child of children) {
    made.appendChild(typeof child === 'string' ? factory.createTextNode(replaceForbidden(child)) : child);
    // One element per line keeps the file readable.
    if (typeof child !== 'string') made.appendChild(factory.createTextNode('\n'));
  }
  return made;
}

/** Replaces the characters that XML 1.0 cannot represent at all, not even escaped: most control characters. */
const replaceForbidden = (text: string): string =>
  text.toWellFormed().replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd');
