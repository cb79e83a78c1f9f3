// Who is to blame for the error that ended a drill: the command that failed decides, not the phase in which it failed.
import { fileURLToPath } from 'node:url';
import { relative } from 'node:path';
import { causesOf, DrillError, reasonOf } from '../../support/errors.ts';
import type { Phase } from '../events.ts';

export interface Failure {
  readonly blame: 'finding' | 'harness';
  readonly reason: string;
}

/** @param file the drill's */
export function explainFailure(error: unknown, phase: Phase, file: string): Failure {
  const mistake = mistakeOf(error);
  if (mistake) return { blame: 'harness', reason: describeMistake(mistake, file) };
  return { blame: blameFor(error, phase), reason: reasonOf(error) };
}

function blameFor(error: unknown, phase: Phase): Failure['blame'] {
  const known = causesOf(error).filter((cause) => cause instanceof DrillError);
  // A backup or a restore that fails because the machine under it does is wrapped in a finding.
  if (known.some(({ blame }) => blame === 'lab')) return 'harness';
  if (known[0]?.blame === 'usage') return 'harness';
  if (known[0]?.blame === 'finding') return 'finding';
  return phase === 'restore' || phase === 'first-response' ? 'finding' : 'harness';
}

/** Returns the error if it is a mistake in a program, such as a property of undefined: it says nothing about a backup. */
function mistakeOf(error: unknown): Error | undefined {
  const thrown = error instanceof DrillError && error.code === 'wait-timeout' ? error.cause : error;
  return thrown instanceof TypeError || thrown instanceof ReferenceError ? thrown : undefined;
}

/** Vitest adds a query to the names of files. The text starts with the line of the drill's own code, or of its workload's, else with the first line outside of Node.js. */
function describeMistake(error: Error, file: string): string {
  const lines = [...(error.stack ?? '').matchAll(/(?:file:\/\/)?(\/[^\s():?]+)(?:\?[^\s:]*)?:(\d+):\d+/g)]
    .map(([, path = '', line]) => ({ path: decode(path), line }))
    .filter(({ path }) => !path.includes('/node_modules/'));
  const own = lines.find(({ path }) => path === file) ?? lines.find(({ path }) => !isOurs(path)) ?? lines[0];
  const text = `${error.name}: ${error.message}`;
  return own ? `${relative(process.cwd(), own.path)}:${own.line}: ${text}` : text;
}

/** Whether the file belongs to this program: its `src`. */
const isOurs = (path: string): boolean => path.startsWith(fileURLToPath(new URL('../..', import.meta.url)));

function decode(path: string): string {
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}
