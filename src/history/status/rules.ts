// What evidence.yml requires of drills over time.
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { EvidenceFacts } from '../../evidence/facts/schema.ts';
import { sha256 } from '../../support/sha256.ts';
import { countedRuns, type History } from '../runs/history.ts';

/** The facts that history reads. */
export type Rules = Pick<
  EvidenceFacts,
  'system' | 'owner' | 'frequency' | 'objectives-over-time' | 'retention'
>;

const FACTS_FILE = 'evidence.yml';
const PLAN_FILE = 'plan.json';
/** How many of the newest runs are looked at for a plan with the same facts. */
const RECENT = 3;

/**
 * Returns what `file` requires, or evidence.yml of the current directory; nothing if there is none. A plan.json of a recent run has
 * the parsed facts with the hash of their file. If the file is still the same, they are taken from there: parsing and checking it takes
 * longer than everything else in `status`.
 * @throws DrillError `usage` for a file that is missing or wrong
 */
export async function loadRules(history: History, file: string | undefined): Promise<Rules> {
  const hash = hashOf(resolve(file ?? FACTS_FILE));
  if (file === undefined && !existsSync(FACTS_FILE)) return {};
  const recorded = readRecorded(history, hash);
  if (recorded) return recorded;
  const { loadFacts } = await import('../../evidence/facts/load.ts');
  return (await loadFacts(file))?.facts ?? {};
}

function hashOf(file: string): string | undefined {
  try {
    return sha256(readFileSync(file));
  } catch {
    return undefined;
  }
}

function readRecorded(history: History, hash: string | undefined): Rules | undefined {
  let seen = 0;
  if (hash === undefined) return undefined;
  for (const { directory } of countedRuns(history)) {
    if (++seen > RECENT) break;
    const plan = readPlan(join(history.reports, directory, PLAN_FILE));
    if (plan?.factsSha256 === hash && plan.facts) return plan.facts;
  }
  return undefined;
}

function readPlan(
  file: string,
): { readonly factsSha256: string | null; readonly facts: Rules | null } | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ReturnType<typeof readPlan>;
  } catch {
    return undefined;
  }
}
