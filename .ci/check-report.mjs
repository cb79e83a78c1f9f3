// Looks at what a run wrote: node check-report.mjs <run directory> <drill> [name of the run before].
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';

const [directory = '', drill = '', before = ''] = process.argv.slice(2);
const complaints = [];

if (!existsSync(directory)) complaints.push(`there is no ${directory}`);
else {
  const run = basename(realpathSync(directory));
  if (run === before) complaints.push(`${directory} is still the run before, ${before}`);
  for (const file of ['index.html', 'run.json', 'junit.xml', `${drill}/report.html`, `${drill}/report.json`])
    if (!existsSync(join(directory, file))) complaints.push(`there is no ${file}`);
}
if (complaints.length === 0) complaints.push(...verdictOf(join(directory, 'run.json')));

for (const complaint of complaints) console.error(`report: ${complaint}`);
if (complaints.length === 0) console.log(`report: ${drill} recovered, and every file is there`);
process.exitCode = complaints.length === 0 ? 0 : 1;

/** @param {string} file */
function verdictOf(file) {
  const { drills } = JSON.parse(readFileSync(file, 'utf8'));
  const found = drills.find((/** @type {{ name: string }} */ { name }) => name === drill);
  if (!found) return [`run.json does not contain ${drill}`];
  return found.verdict === 'recovered'
    ? []
    : [`expected the verdict recovered, got ${found.verdict}: ${found.reason}`];
}
