// Whether the project still has a drill, without loading the files of drills: that takes longer than a monitor waits.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { History } from '../runs/history.ts';
import type { DrillHistory } from './drill-history.ts';

const SUFFIX = '.drill.ts';

/**
 * Returns a function that says whether a drill's file still exists: drills/<name>.drill.ts, or the file that the plan of its last run
 * names. The file of several drills is there if one of them was removed from it: that drill is overdue until evidence.yml has no rule for
 * it.
 * @param root the directory of the project
 */
export function findDeclared(root: string, history: History): (drill: DrillHistory) => boolean {
  const files = new Set(
    readdirSync(join(root, 'drills'), { recursive: true, encoding: 'utf8' })
      .filter((entry) => entry.endsWith(SUFFIX))
      .map((entry) => entry.split('/').at(-1)?.slice(0, -SUFFIX.length)),
  );
  return ({ drill, last, unended }) => {
    // One file declares a drill of its name, or several that are named `<file>.<variant>`.
    if (drill.split('.').some((_, i, parts) => files.has(parts.slice(0, i + 1).join('.')))) return true;
    const run = unended ?? last?.run;
    const file = run && readPlannedFile(join(history.reports, run.directory, 'plan.json'), drill);
    return file !== undefined && (existsSync(file) || existsSync(join(root, file)));
  };
}

function readPlannedFile(plan: string, drill: string): string | undefined {
  try {
    const { drills } = JSON.parse(readFileSync(plan, 'utf8')) as {
      readonly drills: readonly { readonly name: string; readonly file: string }[];
    };
    return drills.find(({ name }) => name === drill)?.file;
  } catch {
    return undefined;
  }
}
