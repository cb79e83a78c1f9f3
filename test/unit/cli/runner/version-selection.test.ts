// Engine versions of a run: only those that its drills use are prepared, and what is left out is said.
import { expect, test } from 'vitest';
import { requiredEngineVersions, versionNotices } from '../../../../src/cli/runner/version-selection.ts';

const any = { name: 'total-loss', plan: {} };
const upgrade = {
  name: 'versions.upgrade',
  plan: { engineVersion: '20.10', otherEngineVersions: ['28.5'] },
} as const;

test('prepares the versions that drills name, and the one of the run if a drill uses it', () => {
  expect(requiredEngineVersions([any], undefined)).toEqual([]);
  expect(requiredEngineVersions([any], '26.1')).toEqual(['26.1']);
  expect(requiredEngineVersions([any, upgrade], '28.5')).toEqual(['28.5', '20.10']);
  expect(requiredEngineVersions([upgrade], '26.1')).toEqual(['20.10', '28.5']);
});

test('says which drills keep their version, and which version is missing', () => {
  const missingEngines = [{ version: '28.5', reason: 'no registry' }];
  expect(versionNotices([any, upgrade], '26.1', { missingEngines })).toEqual([
    '--engine-version does not apply to versions.upgrade: the plan names a version',
    'lab: no nodes with engine 28.5: no registry',
  ]);
  expect(versionNotices([any, upgrade], undefined, {})).toEqual([]);
});
