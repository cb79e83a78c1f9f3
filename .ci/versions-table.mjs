// Compares the table of docs/engine-versions.md with a run of the drill `versions`, or writes what the run found into it:
// node .ci/versions-table.mjs <run directory> [--write].
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PAGE = join(import.meta.dirname, '../docs/engine-versions.md');
const ROW = /^\| (?<from>[\d.]+) +\| (?<to>[\d.]+) +\| (?<result>[^|]*?) *\|$/gm;
const DRILL = /^versions\.(?<from>\d+-\d+)-to-(?<to>\d+-\d+)$/;

/**
 * Returns the rows of the page with the results of the drills.
 * @param {string} page
 * @param {readonly { readonly name: string; readonly verdict: string; readonly reason: string }[]} drills
 * @returns {{ page: string; differences: string[] }} the page as it should be; a line for each row that is not, or that no drill has tried
 */
export function compareTable(page, drills) {
  /** @type {string[]} */
  const differences = [];
  const results = new Map(
    drills.flatMap(({ name, verdict, reason }) => {
      const { from, to } = DRILL.exec(name)?.groups ?? {};
      return from === undefined || to === undefined
        ? []
        : [
            [
              `${from} ${to}`.replaceAll('-', '.'),
              verdict === 'recovered' ? 'everything' : `${verdict}: ${reason}`,
            ],
          ];
    }),
  );
  const updated = page.replaceAll(ROW, (row, from, to, result) => {
    const found = results.get(`${from} ${to}`);
    results.delete(`${from} ${to}`);
    // A loss that the drill itself expects is part of the row.
    if (found === result || (found === 'everything' && result.startsWith('everything but '))) return row;
    if (found === undefined) {
      differences.push(`${from} to ${to}: the run has no drill of it`);
      return row;
    }
    differences.push(`${from} to ${to}: the page says "${result}", the run "${found}"`);
    return `| ${from} | ${to} | ${found} |`;
  });
  for (const pair of results.keys())
    differences.push(`${pair.replace(' ', ' to ')}: the page has no row of it`);
  return { page: updated, differences };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [directory = '', option] = process.argv.slice(2);
  const { drills } = JSON.parse(readFileSync(join(directory, 'run.json'), 'utf8'));
  const { page, differences } = compareTable(readFileSync(PAGE, 'utf8'), drills);
  if (option === '--write') writeFileSync(PAGE, page);
  for (const difference of differences) console.error(`engine versions: ${difference}`);
  process.exitCode = differences.length === 0 || option === '--write' ? 0 : 1;
}
