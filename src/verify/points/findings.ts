// Point 10: what did not recover was found to recover later, and a person linked the two.
import { attestationsOf, keysOfPeople, type Pinned, statementOf } from '../context.ts';
import type { Attestation } from '../read/attestation.ts';
import { verifySignature } from '../read/keys.ts';
import { type EndEntry, isEnd, type Ledger } from '../read/ledger.ts';
import type { Reports } from '../read/reports.ts';
import type { Run } from '../read/run.ts';
import type { Findings } from '../result.ts';

/** @param isSound whether a run passes the points about itself */
export function checkFindings(
  reports: Reports,
  pinned: Pinned,
  isSound: (run: Run) => boolean,
  findings: Findings,
): void {
  const { ledger } = reports;
  if (!ledger) return findings.cannotShow('no ledger: later runs are unknown');
  let open = 0;
  for (const run of reports.runs) {
    const end = ledger.entries.filter(isEnd).findLast(({ directory }) => directory === run.name);
    const failed = end?.drills.filter(({ verdict }) => verdict === 'not-recovered') ?? [];
    for (const { drill } of failed) {
      open++;
      if (end)
        judgeFinding(
          { run, end, drill, only: failed.length === 1 },
          { reports, ledger, pinned, isSound },
          findings,
        );
    }
  }
  if (open === 0) findings.see('every drill recovered, or was inconclusive');
}

interface Finding {
  readonly run: Run;
  readonly end: EndEntry;
  readonly drill: string;
  /** Whether it is the only finding of its run, so that an attestation need not name it. */
  readonly only: boolean;
}
interface Around {
  readonly reports: Reports;
  readonly ledger: Ledger;
  readonly pinned: Pinned;
  readonly isSound: (run: Run) => boolean;
}

function judgeFinding(finding: Finding, around: Around, findings: Findings): void {
  const { run, drill } = finding;
  const where = `${run.name}/${drill}`;
  const about = attestationsOf(run).filter(
    (attestation) => attestation.finding === drill || (finding.only && !attestation.finding),
  );
  const closing = about.findLast(({ role }) => role === 'closed-by');
  if (closing) return judgeClosing(finding, closing, around, findings);
  const exception = about.findLast(({ role }) => role === 'exception');
  const due = exception?.suppressedUntil ?? exception?.dueDate;
  const today = new Date(around.pinned.now).toISOString().slice(0, 10);
  if (due && due >= today) return findings.see(`${where}: open, due ${due}`);
  const later = around.ledger.entries
    .filter(isEnd)
    .find(({ entry, drills }) => entry > finding.end.entry && recovers(drills, drill));
  findings.fail({
    where,
    what: due
      ? `the finding is overdue since ${due}`
      : 'the finding is open: no one linked a run that closes it',
    expected: later ? `\`attest --as closed-by\` that names ${later.directory}` : 'a later run that recovers',
    got: exception ? 'an exception' : 'no attestation',
  });
}

function judgeClosing(finding: Finding, closing: Attestation, around: Around, findings: Findings): void {
  const { run, end, drill } = finding;
  const where = `${run.name}/${closing.file}`;
  const retest = around.ledger.entries.filter(isEnd).find(({ statement }) => statement === closing.retest);
  const fail = (what: string, got: string): void =>
    findings.fail({ where, what, expected: `a later, verified run in which ${drill} recovered`, got });
  if (closing.bundle && verifySignature(closing.bundle, keysOfPeople(around.pinned)) === 'invalid')
    return fail('the signature of the person who closed the finding is not valid', closing.person.name);
  if (!retest)
    return fail('the run that closes the finding is not in the ledger', closing.retest ?? 'none named');
  if (retest.entry <= end.entry)
    return fail('the run that closes the finding is not later', retest.directory);
  const result = retest.drills.find((other) => other.drill === drill)?.verdict;
  if (result !== 'recovered')
    return fail(
      'the finding was closed by a run that did not recover',
      `${retest.directory}: ${result ?? 'did not run it'}`,
    );
  const later = around.reports.find(retest.directory);
  if (!later)
    return findings.cannotShow(
      `${where}: the files of ${retest.directory} are gone: only the ledger has its result`,
    );
  if (statementOf(later)?.digest !== closing.retest || !around.isSound(later))
    return fail('the run that closes the finding does not pass its own points', retest.directory);
  findings.see(`${run.name}/${drill}: closed by ${retest.directory}`);
}

const recovers = (drills: EndEntry['drills'], drill: string): boolean =>
  drills.some((other) => other.drill === drill && other.verdict === 'recovered');
