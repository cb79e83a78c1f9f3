// Point 7: the ledger is whole, is the only one, and every run that it has is there, as is every run that is there in it.
import { readFileSync } from 'node:fs';
import { attestationsOf, type Pinned, statementOf, valueOf } from '../context.ts';
import { shortId, verifySignature } from '../read/keys.ts';
import {
  type EndEntry,
  type Entry,
  type Head,
  HEAD_FILE,
  isEnd,
  type Ledger,
  LEDGER_FILE,
  parseHead,
} from '../read/ledger.ts';
import type { Reports } from '../read/reports.ts';
import type { Run } from '../read/run.ts';
import { attempt } from '../read/strict.ts';
import type { Findings } from '../result.ts';

/** A run that began so recently may still be going on. */
const LONGEST_RUN_MS = 12 * 3600 * 1000;

/** Returns the entry of the run's end, the newest if it was sealed again. */
export const endOf = (ledger: Ledger | null, run: string): EndEntry | undefined =>
  ledger?.entries.filter(isEnd).findLast(({ directory }) => directory === run);

export function checkLedger(reports: Reports, pinned: Pinned, findings: Findings): void {
  const { ledger } = reports;
  if (!ledger) {
    if (reports.whole || reports.head)
      findings.fail({
        where: LEDGER_FILE,
        what: 'is missing',
        expected: 'the ledger of the runs',
        got: 'no file',
      });
    else
      findings.cannotShow(`no ${LEDGER_FILE} next to the run: whether another run was hidden can't be seen`);
    return;
  }
  findings.fail(...ledger.problems);
  for (const { torn, entry } of ledger.entries)
    if (torn !== undefined)
      findings.see(`${LEDGER_FILE}:${entry}: half a line before it was cut after a crash`);
  checkHead(reports, ledger, pinned, findings);
  checkEarlierHead(ledger, pinned, findings);
  checkRuns(reports, ledger, pinned.now, findings);
  for (const run of reports.runs) checkRun(run, ledger, findings);
  for (const name of reports.whole ? reports.withoutEvidence : [])
    findings.see(`${name}: a run without evidence, made by a version that recorded none`);
  findings.see(`${ledger.entries.length} entries follow each other`);
}

function checkHead(reports: Reports, ledger: Ledger, { keys }: Pinned, findings: Findings): void {
  const { head } = reports;
  if (!head) {
    if (keys.length > 0)
      findings.fail({
        where: HEAD_FILE,
        what: 'the signed head of the ledger is missing',
        expected: 'a signature',
        got: 'no file',
      });
    else findings.cannotShow('the ledger is unsigned: its last entries can be cut off or replaced');
    return;
  }
  if (!head.ok) return findings.fail(head.problem);
  const { bundle } = head.value;
  if (keys.length === 0)
    findings.cannotShow(`${HEAD_FILE}: signed by ${shortId(bundle.keyId)}; pass that public key with --key`);
  else if (verifySignature(bundle, keys) !== 'valid')
    findings.fail({
      where: HEAD_FILE,
      what: 'not signed with a pinned key, or changed',
      expected: keys.map(({ id }) => shortId(id)).join(' or '),
      got: shortId(bundle.keyId),
    });
  compareHead(HEAD_FILE, head.value, ledger, findings);
  const rest = ledger.entries.slice(head.value.entries).filter((entry) => !isOfPerson(entry, reports));
  if (rest.length > 0)
    findings.cannotShow(
      `the last ${rest.length} entries are after the signed head: they were added without the key`,
    );
}

/** Between the entry of an attestation and the attestation. */
const WRITING_MS = 600_000;

/** People who attest have no key for the head: their entry counts if it repeats what they signed. Point 1 has their signature. */
function isOfPerson(entry: Entry, { find }: Reports): boolean {
  if (entry.event !== 'attest') return false;
  const run = find(entry.directory);
  const signed = run && attestationsOf(run).find(({ digest }) => digest === entry.statement);
  return Boolean(
    signed &&
    signed.role === entry.role &&
    signed.bundle?.keyId === entry.key &&
    signed.subjects.get('run') === entry.of &&
    Math.abs(Date.parse(entry.at) - Date.parse(signed.at)) < WRITING_MS,
  );
}

function compareHead(where: string, { entries, head }: Head, { hashes }: Ledger, findings: Findings): void {
  const got = hashes[entries];
  if (got !== head)
    findings.fail({
      where,
      what: got === undefined ? 'the ledger was cut' : 'the ledger was changed, or is another branch',
      expected: `entry ${entries} with the hash ${head}`,
      got: got ?? `${hashes.length - 1} entries`,
    });
}

/** The auditor's copy of an earlier head: the ledger must still contain what it had then. */
function checkEarlierHead(ledger: Ledger, { earlierHead, keys }: Pinned, findings: Findings): void {
  if (earlierHead === null) return;
  const earlier = attempt(earlierHead, () => parseHead(readFileSync(earlierHead)));
  if (!earlier.ok) return findings.fail(earlier.problem);
  if (keys.length > 0 && verifySignature(earlier.value.bundle, keys) !== 'valid')
    return findings.fail({ where: earlierHead, what: 'not signed with a pinned key' });
  compareHead(earlierHead, earlier.value, ledger, findings);
  findings.see(`continues the head of ${earlier.value.at}`);
}

/** Each run that started has ended, and its files are there unless retention removed them. */
function checkRuns(reports: Reports, { entries }: Ledger, now: number, findings: Findings): void {
  const wanted = new Set(reports.runs.map(({ name }) => name));
  const relevant = (entry: Entry): boolean => reports.whole || wanted.has(entry.directory);
  const started = new Set<string>();
  for (const entry of entries.filter(relevant)) {
    const { event, run, directory, at } = entry;
    const where = `${LEDGER_FILE}:${entry.entry}`;
    const after = entries.filter((other) => other.run === run && other.entry > entry.entry);
    if (event === 'start') {
      if (started.has(run))
        findings.fail({ where, what: 'two runs have one id', expected: 'one start', got: run });
      started.add(run);
      if (after.some((other) => isEnd(other) || other.event === 'removed')) continue;
      if (now - Date.parse(at) < LONGEST_RUN_MS)
        findings.cannotShow(`${directory}: started at ${at} and has not ended; it may still be running`);
      else
        findings.fail({
          where,
          what: `the run ${directory} started and never ended: it was killed, or its result was withheld`,
          expected: 'an end; `swarm-drill report` seals what a killed run left behind',
          got: `a start at ${at}`,
        });
    }
    if (!isEnd(entry) || after.some((other) => isEnd(other) || other.event === 'removed')) continue;
    if (event === 'end' && !started.has(run))
      findings.fail({
        where,
        what: `the run ${directory} ended and never started`,
        expected: 'a start before it',
        got: 'none',
      });
    if (reports.whole && !reports.directories.includes(directory))
      findings.fail({
        where,
        what: `the run ${directory} is hidden: the ledger has it, and its files are gone`,
        expected: `${directory} with the statement ${entry.statement}`,
        got: 'no directory, and no entry that says why it was removed',
      });
  }
}

function checkRun(run: Run, ledger: Ledger, findings: Findings): void {
  const { name } = run;
  const own = ledger.entries.filter(({ directory }) => directory === name);
  if (own.length === 0)
    return findings.fail({
      where: name,
      what: 'the ledger does not have this run: its entries were removed, or it was made elsewhere',
      expected: 'a start and an end in the ledger',
      got: 'no entry',
    });
  const plan = valueOf(run.plan);
  const start = own.find(({ event }) => event === 'start');
  if (plan && start?.event === 'start') {
    if (start.plan !== plan.digest)
      findings.fail({
        where: `${name}/plan.json`,
        what: 'not the plan that was recorded at the start',
        expected: start.plan,
        got: plan.digest,
      });
    if (plan.run !== start.run)
      findings.fail({
        where: `${name}/plan.json`,
        what: 'the plan of another run',
        expected: start.run,
        got: plan.run,
      });
  }
  if (plan && ledger.hashes[plan.ledger.entries] !== plan.ledger.head)
    findings.fail({
      where: `${name}/plan.json`,
      what: 'fork: the run began on another ledger than this one',
      expected: `entry ${plan.ledger.entries} with the hash ${plan.ledger.head}`,
      got: ledger.hashes[plan.ledger.entries] ?? `${ledger.entries.length} entries`,
    });
  const statement = statementOf(run);
  const end = endOf(ledger, name);
  if (!statement || !end) return;
  if (end.statement !== statement.digest)
    findings.fail({
      where: name,
      what: 'not the statement that the ledger recorded: the run was signed again after it ended',
      expected: end.statement,
      got: statement.digest,
    });
  const key = statement.bundle?.keyId ?? null;
  if (end.key !== key)
    findings.fail({
      where: name,
      what: 'signed with another key than the ledger recorded',
      expected: String(end.key),
      got: String(key),
    });
  checkAttestations(run, ledger, findings);
}

function checkAttestations(run: Run, { entries }: Ledger, findings: Findings): void {
  const recorded = entries.flatMap((entry) =>
    entry.event === 'attest' && entry.directory === run.name ? [entry.statement] : [],
  );
  const present = attestationsOf(run).map(({ digest }) => digest);
  const missing = recorded.filter((digest) => !present.includes(digest));
  const added = attestationsOf(run).filter(({ digest }) => !recorded.includes(digest));
  for (const digest of missing)
    findings.fail({ where: run.name, what: 'an attestation is missing', expected: digest, got: 'no file' });
  for (const { file } of added)
    findings.fail({ where: `${run.name}/${file}`, what: 'the ledger does not have this attestation' });
}
