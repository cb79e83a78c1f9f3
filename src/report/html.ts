// Renders the pages: report.html of a drill and index.html of a run. A page contains everything it needs, and no script.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import mustache from 'mustache';
import { buildDrillView } from './view/drill-view.ts';
import { buildRunView } from './view/run-view.ts';
import type { Report, Run } from './schema.ts';

const FOLDER = path.join(import.meta.dirname, 'templates');

/** By file name without extension: `report` is report.mustache, `style` is the style sheet. */
const templates = Object.fromEntries(
  readdirSync(FOLDER)
    .filter((file) => /\.(mustache|css)$/.test(file))
    .map((file) => [path.parse(file).name, readFileSync(path.join(FOLDER, file), 'utf8')]),
);
const style = templates['style'] ?? '';

export const renderReport = (report: Report): string =>
  mustache.render(templates['report'] ?? '', { ...buildDrillView(report), style }, templates);

export const renderIndex = (run: Run, name: string): string =>
  mustache.render(templates['index'] ?? '', { ...buildRunView(run, name), style }, templates);
