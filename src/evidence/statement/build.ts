// Builds the predicate of a run's statement from its reports, its plan and the ledger.
import type { Run } from '../../report/schema.ts';
import type { EvidenceFacts } from '../facts/schema.ts';
import type { LedgerEntry } from '../ledger/entry.ts';
import type { PlanRecord } from '../plan-record.ts';
import { findAborted, measureCadence } from './cadence.ts';
import type { EvidencePredicate } from './predicate.ts';
import { buildResult, CLOCK, listBackups, listFindings } from './results.ts';
import { buildScope } from './scope.ts';

export interface PredicateSources {
  readonly run: Run;
  /** The id of the run, 16 hexadecimal digits. */
  readonly id: string;
  /** The run's directory, relative to the ledger. */
  readonly directory: string;
  readonly plan: { readonly record: PlanRecord; readonly sha256: string } | undefined;
  /** What people stated when the run started. */
  readonly facts: EvidenceFacts;
  /** SHA-256 of plan.tsr. */
  readonly planToken: string | null;
  /** The drills of the plan; of a merged run, those of all plans. */
  readonly planned: EvidencePredicate['plan']['drills'];
  readonly merged: EvidencePredicate['plan']['merged'];
  readonly operator: EvidencePredicate['people']['operator'];
  /** Entries of the ledger before this run. */
  readonly before: readonly LedgerEntry[];
  readonly integrity: Pick<EvidencePredicate['integrity'], 'previous' | 'start' | 'outsideTime' | 'late'>;
}

export function buildPredicate(from: PredicateSources): EvidencePredicate {
  const { run, plan, facts } = from;
  const environments = run.drills.flatMap(({ environment }) => environment ?? []);
  const distinct = (values: readonly string[]): string[] => [...new Set(values)].sort();
  return {
    schema: 'swarm-drill/evidence@1',
    identity: {
      run: from.id,
      directory: from.directory,
      tool: distinct(environments.map(({ tool }) => tool)).join('; ') || 'unknown',
      commit: distinct(environments.map(({ commit }) => commit)).join('; ') || 'unknown',
      system: facts.system ?? null,
      owner: facts.owner ?? null,
      policy: facts.policy ?? null,
      controls: facts.controls ?? [],
      frequency: facts.frequency ?? [],
    },
    scope: buildScope(run, facts.exclusions ?? []),
    backup: listBackups(run),
    plan: {
      sha256: plan?.sha256 ?? null,
      recordedAt: plan?.record.recordedAt ?? null,
      trigger: plan?.record.trigger ?? null,
      drills: from.planned,
      objectivesSource: facts['objectives-source'] ?? null,
      token: from.planToken,
      merged: from.merged,
    },
    people: { operator: from.operator, approval: 'by attestation' },
    results: {
      verdict: run.verdict,
      exitCode: run.exitCode,
      startedAt: run.startedAt,
      endedAt: run.endedAt,
      clock: CLOCK,
      drills: run.drills.map(buildResult),
    },
    exceptions: listFindings(run),
    context: {
      environment: facts.environment ?? null,
      lab: distinct(environments.map(({ lab }) => lab)),
      engines: distinct(
        environments.flatMap(({ engine, nodeEngine, kernel }) => [engine, nodeEngine, kernel]),
      ),
      testData: facts['test-data'] ?? null,
      limits: distinct(run.drills.flatMap(({ artifacts }) => artifacts.flatMap(({ limits }) => limits))),
      lessons: null,
    },
    integrity: {
      ...from.integrity,
      cadence: measureCadence(facts.frequency ?? [], from.before, run.startedAt),
      aborted: findAborted(from.before, from.id),
      retention: facts.retention?.keep ?? null,
    },
  };
}
