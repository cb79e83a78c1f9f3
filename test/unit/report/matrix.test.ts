import { describe, expect, test } from 'vitest';
import { buildReport } from '../../../src/report/build.ts';
import { renderIndex } from '../../../src/report/html.ts';
import { buildMatrices } from '../../../src/report/matrix.ts';
import { buildRun } from '../../../src/report/run.ts';
import { methodSamples, recoveredSample } from '../../support/report/samples.ts';
import type { Report, Step } from '../../../src/report/schema.ts';

const reports = methodSamples().map((events) => buildReport(events));
const [matrix] = buildMatrices(reports);
const stateOf = (row: number, aspect: string) => matrix?.rows[row]?.aspects[aspect]?.state;

describe('the matrix of methods', () => {
  test('has a table for each kind of data, and a row for each method', () => {
    expect(buildMatrices(reports).map(({ of }) => of)).toEqual(['volumes']);
    expect(matrix?.rows.map(({ method }) => method)).toEqual([
      'restic',
      'rsync -a',
      'an archive that drops owners',
    ]);
  });

  test('lists the aspects that were checked, in a fixed order', () => {
    expect(matrix?.aspects).toEqual([
      'content',
      'owner',
      'hard links',
      'ACLs',
      'rows',
      'encrypted in the vault',
    ]);
  });

  test('distinguishes documented losses from others', () => {
    expect(stateOf(0, 'hard links')).toBe('restored');
    expect(stateOf(1, 'hard links')).toBe('documented loss');
    expect(stateOf(1, 'ACLs')).toBe('restored despite documented loss');
    expect(stateOf(2, 'owner')).toBe('undocumented loss');
  });

  test('divides the times of backup and restore by the baseline timing', () => {
    const row = matrix?.rows[0];
    const seconds = reports[0]?.artifacts.find(({ method }) => method === 'restic')?.seconds ?? 0;
    expect(row?.backupSeconds).toBe(seconds);
    expect(row?.backupRatio).toBeCloseTo(seconds / 0.8, 3);
    expect(row?.restoreSeconds).toBeGreaterThan(0);
    expect(row?.restoreRatio).toBeCloseTo((row?.restoreSeconds ?? 0) / 0.5, 3);
  });

  test('includes time and bytes of the methods that the subject requires', () => {
    const restores = ['swarmState', 'pgDump', 'restic'];
    const rowWith = (together: readonly string[]) => {
      const [sample] = reports as [Report];
      const [step] = sample.steps as [Step];
      const steps = restores.map((method, index) => ({
        ...step,
        operation: { kind: 'restore' as const, method },
        seconds: index + 1,
        ok: true,
        parts: [],
      }));
      const subject = { of: 'x', aspects: [], loses: [], limits: [], method: 'swarmState' };
      return buildMatrices([{ ...sample, steps, subject: { ...subject, requires: [...together] } }])[0]
        ?.rows[0];
    };
    expect(rowWith([])).toMatchObject({ backupSeconds: 2.69, restoreSeconds: 1, storedBytes: 1_884_160 });
    expect(rowWith(['pgDump'])).toMatchObject({
      backupSeconds: 4.57,
      restoreSeconds: 3,
      storedBytes: 1_884_160 + 61_733,
    });
    expect(rowWith(['never used'])).toMatchObject({ backupSeconds: null, restoreSeconds: null });
  });

  test('is empty when no drill compares anything', () => {
    expect(buildRun([buildReport(recoveredSample())]).matrix).toEqual([]);
  });

  test('is shown on the page of the run, with losses in words', () => {
    const html = renderIndex(buildRun(reports), 'run');
    expect(html).toContain('Methods for volumes');
    expect(html).toContain('owner: lost, although not documented (118 of 120)');
  });
});
