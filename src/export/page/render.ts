// Renders the printable pages of evidence with the look of the reports.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { renderPage } from '../../report/html.ts';
import type { RunEvidence } from '../source.ts';
import type { PeriodEvidence } from './period.ts';
import { buildPeriodView } from './period-view.ts';
import { buildRunView } from './run-view.ts';

const FOLDER = path.join(import.meta.dirname, '..', 'templates');
const read = (file: string): string => readFileSync(path.join(FOLDER, file), 'utf8');

/** Returns the page of one run: at most four A4 pages when printed. */
export const renderRunPage = (evidence: RunEvidence): string =>
  renderPage(read('run.mustache'), buildRunView(evidence), read('evidence.css'));

/** Returns the page of a period, such as a quarter. */
export const renderPeriodPage = (evidence: PeriodEvidence): string =>
  renderPage(read('period.mustache'), buildPeriodView(evidence), read('evidence.css'));
