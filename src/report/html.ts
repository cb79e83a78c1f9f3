// Renders the pages: report.html of a drill, index.html of a run, and one for each kind of failure. A page contains everything it
// needs. Only pages with the table of failures have a script, which filters it, and their policy allows no other.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import mustache from 'mustache';
import { buildDrillView } from './view/drill-view.ts';
import { buildFailureView } from './view/failures-view.ts';
import { buildRunView } from './view/run-view.ts';
import type { Approval } from '../model/approval.ts';
import { buildApproval } from './view/approval-view.ts';
import type { FailureClass, Report, Run } from './schema.ts';

const FOLDER = path.join(import.meta.dirname, 'templates');

/** By file name without extension: `report` is report.mustache, `style` is the style sheet. */
const templates = Object.fromEntries(
  readdirSync(FOLDER)
    .filter((file) => /\.(mustache|css)$/.test(file))
    .map((file) => [path.parse(file).name, readFileSync(path.join(FOLDER, file), 'utf8')]),
);
const style = templates['style'] ?? '';
/** The page's content security policy names the script by its hash. */
const scriptHash = hashOf(/<script>([^]*)<\/script>/.exec(templates['filter'] ?? '')?.[1] ?? '');

const render = (template: string, view: object): string =>
  mustache.render(templates[template] ?? '', { ...view, style }, templates);

/** @param approval what the page says about its evidence. Default: that there is none */
export const renderReport = (report: Report, approval?: Approval): string =>
  render('report', { ...buildDrillView(report), approval: buildApproval(approval) });

/** @param name of the run @param approval as for `renderReport` */
export const renderIndex = (run: Run, name: string, approval?: Approval): string =>
  render('index', { ...buildRunView(run, name), approval: buildApproval(approval), scriptHash });

/** @param name of the run */
export const renderFailure = (failure: FailureClass, name: string): string =>
  render('failure-class', { ...buildFailureView(failure, name), scriptHash });

/**
 * Renders a page of another folder, with the head, the signs and the style of these pages.
 * @param template its text
 * @param css in addition to the style sheet
 */
export const renderPage = (template: string, view: object, css = ''): string =>
  mustache.render(template, { ...view, style: `${style}${css}` }, templates);

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
