// Points 2 and 3: an outside clock saw the plan before the first step, and the end after the last one.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type Pinned, statementOf } from '../context.ts';
import { PLAN, PLAN_TOKEN, type Run, SIGNED } from '../read/run.ts';
import { type Read, attempt } from '../read/strict.ts';
import { type TokenTime, verifyToken } from '../read/token.ts';
import type { Findings } from '../result.ts';
import type { Rerendered } from './journals.ts';

export interface RunTimes {
  readonly plan: Read<TokenTime> | null;
  readonly end: Read<TokenTime> | null;
}

/** Verifies both tokens of a run. Null for one that is missing. */
export function readTimes(run: Run, { timeAuthority }: Pinned): RunTimes {
  if (!timeAuthority) return { plan: null, end: null };
  const read = (file: string): Buffer => readFileSync(path.join(run.path, file));
  const bundle = statementOf(run)?.bundle;
  const token = bundle?.token;
  return {
    plan: run.files.includes(PLAN_TOKEN)
      ? attempt(PLAN_TOKEN, () => verifyToken(read(PLAN_TOKEN), read(PLAN), timeAuthority))
      : null,
    end: token ? attempt(SIGNED, () => verifyToken(token, bundle.signature, timeAuthority)) : null,
  };
}

export function checkTimeStamps(run: Run, times: RunTimes, pinned: Pinned, findings: Findings): void {
  const hasTokens = run.files.includes(PLAN_TOKEN) || Boolean(statementOf(run)?.bundle?.token);
  if (!pinned.timeAuthority)
    return findings.cannotShow(
      hasTokens
        ? 'has time-stamps; pass the certificates of their authority with --tsa-chain'
        : 'no outside time: the run has no time-stamps, its times are those of the machine that ran it',
    );
  const stamps = [
    { name: 'plan', file: PLAN_TOKEN, time: times.plan },
    { name: 'end', file: SIGNED, time: times.end },
  ];
  for (const { name, file, time } of stamps)
    if (!time) findings.cannotShow(`${file}: no outside time for the ${name}: it has no time-stamp`);
    else if (!time.ok) findings.fail(time.problem);
    else findings.see(`${file}: ${format(time.value.at)} by ${time.value.authority}`);
}

/** @param rerendered the journals, of which the first and the last event count */
export function checkOrder(times: RunTimes, rerendered: Rerendered, findings: Findings): void {
  const { plan, end } = times;
  const { firstStep, lastStep } = rerendered;
  if (!plan?.ok && !end?.ok) return findings.cannotShow('no verified time-stamp: see point 2');
  if (firstStep === null || lastStep === null) return findings.cannotShow('no journal has a time');
  if (!plan?.ok) findings.cannotShow('no verified time-stamp of the plan: it may have been written later');
  else if (plan.value.at - plan.value.accuracy > firstStep)
    findings.fail({
      where: PLAN_TOKEN,
      what: 'the plan was stamped after the first step: its criteria may have been fitted to the result',
      expected: `before ${format(firstStep)}`,
      got: format(plan.value.at),
    });
  else findings.see(`plan ${format(plan.value.at)}, first step ${format(firstStep)}`);
  if (!end?.ok)
    findings.cannotShow('no verified time-stamp of the end: it may have been signed earlier or later');
  else if (end.value.at + end.value.accuracy < lastStep)
    findings.fail({
      where: SIGNED,
      what: 'the end was stamped before the last step: the result was known before it was measured',
      expected: `after ${format(lastStep)}`,
      got: format(end.value.at),
    });
  else findings.see(`last step ${format(lastStep)}, end ${format(end.value.at)}`);
}

const format = (time: number): string => new Date(time).toISOString();
