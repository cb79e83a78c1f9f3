// Runs one check and turns what it saw into a result. An exception never becomes a pass, and neither does comparing nothing.
import type { Check, CheckResult, Observation } from '../model/check.ts';
import { monotonic } from '../support/clock.ts';
import { reasonOf } from '../support/errors.ts';
import { sha256 } from '../support/sha256.ts';
import { currentSignal, step } from '../support/trace.ts';

const SHOWN_DIFFERENCES = 50;

export async function runCheck(check: Check): Promise<CheckResult> {
  const began = monotonic();
  const observation = await step(`check: ${check.name}`, () => check.observe()).catch(
    (error: unknown): Observation => ({ unproven: `the check itself failed: ${reasonOf(error)}` }),
  );
  currentSignal().throwIfAborted();
  const { name, required, doesNotProve } = check;
  const result = resultOf(observation);
  return {
    name,
    required,
    doesNotProve,
    definition: hashDefinition(check),
    seconds: monotonic() - began,
    ...result,
    excluded: 'unproven' in observation ? [] : (observation.excluded ?? []).filter(({ count }) => count > 0),
    aspects: aspectsOf(check, observation, result),
  };
}

/**
 * Returns the SHA-256 of a check's name, what it covers and leaves open, and the text of its observing function. Two runs with the same
 * hash made the same check, as far as that function goes; what it calls is named by the commit of the run.
 */
export function hashDefinition(check: Check): string {
  const { name, required, doesNotProve, covers, aspect } = check;
  const text = check.observe.toString();
  return sha256(JSON.stringify([name, required, doesNotProve, covers, aspect ?? null, text]));
}

function aspectsOf(
  { aspect }: Check,
  observation: Observation,
  { compared, mismatched }: Pick<CheckResult, 'compared' | 'mismatched'>,
): CheckResult['aspects'] {
  if ('unproven' in observation) return [];
  return [...(aspect ? [{ aspect, compared, mismatched }] : []), ...(observation.aspects ?? [])].filter(
    (seen) => seen.compared > 0,
  );
}

function resultOf(
  observation: Observation,
): Pick<CheckResult, 'result' | 'compared' | 'mismatched' | 'detail' | 'differences'> {
  if ('unproven' in observation)
    return { result: 'unproven', compared: 0, mismatched: 0, detail: observation.unproven, differences: [] };
  const { compared, differences, detail } = observation;
  const mismatched = Math.max(differences.length, observation.mismatched ?? 0);
  const counts = { compared, mismatched, differences: differences.slice(0, SHOWN_DIFFERENCES) };
  if (mismatched > 0)
    return {
      ...counts,
      result: 'fail',
      detail: detail ?? `${mismatched} of ${compared} compared differ; first: ${differences[0]}`,
    };
  if (compared === 0) return { ...counts, result: 'unproven', detail: 'there was nothing to compare' };
  return { ...counts, result: 'pass', detail: detail ?? `${compared} compared, all equal` };
}
