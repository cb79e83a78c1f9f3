// Part of point 5: the pages that people read show the verdicts that the journals give. Their other text is not compared: it changes
// with the version of the program, and with attestations.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { VERDICT_SIGNS } from '../../report/view/verdict-view.ts';
import type { Report } from '../../report/schema.ts';
import type { Run } from '../read/run.ts';
import type { Findings } from '../result.ts';
import type { Rerendered } from './journals.ts';

/** The verdict in a page's title, and in its first screen after the sign. */
const SHOWN = [/<title>([^:<]*):/, /<p class="word">[^]*?<\/svg>([^<]*)<\/p>/];

export function checkPages(run: Run, { drills, run: rebuilt }: Rerendered, findings: Findings): void {
  checkPage(run, 'index.html', rebuilt.verdict, findings);
  for (const { directory, report } of drills)
    checkPage(run, `${directory}/report.html`, report.verdict, findings);
}

function checkPage(run: Run, file: string, verdict: Report['verdict'], findings: Findings): void {
  if (!run.files.includes(file)) return;
  const html = readFileSync(path.join(run.path, file), 'utf8');
  const { word } = VERDICT_SIGNS[verdict];
  for (const pattern of SHOWN) {
    const shown = pattern.exec(html)?.[1]?.trim();
    if (shown !== word)
      findings.fail({
        where: file,
        what: 'the page shows another verdict than the journals give',
        expected: word,
        got: shown ?? 'none',
      });
  }
}
