// The run as an in-toto test result, for tools that know nothing of drills: https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md
import type { Run } from '../../report/schema.ts';
import type { Verdict } from '../../drill/verdict/verdict.ts';
import { type Subject, type WrittenStatement, writeStatement } from './statement.ts';

export const TEST_RESULT_TYPE = 'https://in-toto.io/attestation/test-result/v0.1';

export interface TestResult {
  /** An inconclusive drill proved nothing, so it failed. A run that recovered with a warning is WARNED. */
  readonly result: 'PASSED' | 'WARNED' | 'FAILED';
  readonly configuration: readonly Subject[];
  readonly passedTests: readonly string[];
  readonly warnedTests: readonly string[];
  readonly failedTests: readonly string[];
}

/** @param subject the same as of the run's statement @param plan its plan, by hash; undefined for a merged run */
export function writeTestResult(
  run: Run,
  subject: readonly Subject[],
  plan: Subject | undefined,
): WrittenStatement<TestResult> {
  const named = (is: (verdict: Verdict) => boolean): string[] =>
    run.drills.filter(({ verdict }) => is(verdict)).map(({ name }) => name);
  const hasRecovered = run.verdict === 'recovered';
  return writeStatement(TEST_RESULT_TYPE, subject, {
    result: !hasRecovered ? 'FAILED' : run.warnings.length > 0 ? 'WARNED' : 'PASSED',
    configuration: plan ? [plan] : [],
    passedTests: named((verdict) => verdict === 'recovered'),
    warnedTests: [],
    failedTests: named((verdict) => verdict !== 'recovered'),
  });
}
