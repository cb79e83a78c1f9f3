// The tables of a report: checks, coverage, artifacts, logs and cleanup.
import type { Report } from '../schema.ts';
import { pluralize, formatInteger, formatMoment, formatSize, formatTime } from './format.ts';
import { FINDING_SIGNS } from './verdict-view.ts';

const ORDER = { fail: 0, unproven: 1, pass: 2 };

/** Sorts failures first, then unproven checks; required checks before the others. */
export const buildChecks = ({ checks }: Report) =>
  checks
    .toSorted((a, b) => ORDER[a.result] - ORDER[b.result] || Number(b.required) - Number(a.required))
    .map((check) => ({
      ...FINDING_SIGNS[check.result],
      name: check.name,
      need: check.required ? 'required' : 'not required',
      compared: formatInteger(check.compared),
      mismatched: formatInteger(check.mismatched),
      differs: check.mismatched > 0,
      detail: check.detail,
      doesNotProve: check.doesNotProve,
      excluded: check.excluded.map(({ what, count }) => `${what} (${formatInteger(count)})`).join('; '),
      differences: check.differences,
      differenceCount: check.differences.length,
      seconds: formatTime(check.seconds),
    }));

export const buildCoverage = ({ coverage }: Report) =>
  coverage.map(({ object, count, checkedBy, reason, excluded }) => ({
    object,
    count: count === null ? 'not counted' : formatInteger(count),
    checkedBy: checkedBy.join(', '),
    checked: checkedBy.length > 0,
    reason,
    excluded: excluded.join('; '),
  }));

export const buildArtifacts = ({ artifacts }: Report) =>
  artifacts.map((artifact) => ({
    name: artifact.name,
    method: artifact.method,
    size: formatSize(artifact.bytes),
    bytes: pluralize(artifact.bytes, 'byte'),
    sha256: artifact.sha256,
    createdAt: formatMoment(artifact.createdAt),
    encrypted: artifact.encrypted ? 'yes' : 'no',
    seconds: formatTime(artifact.seconds),
    stopped: artifact.stopped.map(({ what, seconds }) => `${what} stopped for ${formatTime(seconds)}`),
    limits: artifact.limits,
    noLimits: artifact.limits.length === 0,
  }));

export const buildLogs = ({ logs }: Report) =>
  logs
    .toSorted((a, b) => a.node.localeCompare(b.node, 'en', { numeric: true }))
    .map(({ node, file, bytes }) => ({ node, file, size: formatSize(bytes) }));

export function buildCleanup({ cleanup }: Report) {
  if (!cleanup) return null;
  const kinds = [...new Set([...Object.keys(cleanup.before), ...Object.keys(cleanup.after)])];
  return {
    rows: kinds.map((kind) => ({
      kind,
      before: formatInteger(cleanup.before[kind] ?? 0),
      after: formatInteger(cleanup.after[kind] ?? 0),
    })),
    clean: cleanup.leaked.length === 0,
    leaked: cleanup.leaked,
    errors: cleanup.errors,
    shellCommand: cleanup.shellCommand,
    removeCommand: cleanup.removeCommand,
  };
}
