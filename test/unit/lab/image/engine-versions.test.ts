// Node images by engine version: which one a node gets, and what is said when there is none.
import { expect, test } from 'vitest';
import {
  ENGINE_VERSIONS,
  nodeImage,
  nodeRecipe,
  nodeRecipeOf,
  nodeRole,
  requireEngineVersion,
} from '../../../../src/lab/image/engine-versions.ts';
import { recipeKey } from '../../../../src/lab/image/debian.ts';
import type { LabFacts } from '../../../../src/lab/lab.ts';

const image = (role: string) => ({
  role,
  reference: `image-of-${role}`,
  digest: '',
  source: '',
  origin: 'debian' as const,
});
const lab: LabFacts = {
  host: '',
  kind: 'embedded',
  description: '',
  images: [image('node'), image('node-28.5')],
  template: '',
  missingEngines: [{ version: '20.10', reason: 'no registry' }],
};

test("takes the lab's own image unless a version is asked for", () => {
  expect(nodeImage(lab)).toBe('image-of-node');
  expect(nodeImage(lab, '28.5')).toBe('image-of-node-28.5');
});

test('blames the lab for an image that could not be prepared, and the plan for one that it does not name', () => {
  expect(() => nodeImage(lab, '20.10')).toThrow(
    expect.objectContaining({
      blame: 'lab',
      message: 'no nodes with engine 20.10 on this machine: no registry',
    }),
  );
  expect(() => nodeImage(lab, '26.1')).toThrow(
    expect.objectContaining({ blame: 'usage', hint: expect.stringContaining('otherEngineVersions') }),
  );
});

test.each([
  ['20.10', '20.10.24+dfsg1', true],
  ['26.1', '26.1.5', true],
  ['28.5', '28.5.2', true],
  ['28.5', '28.50.1', false],
  ['20.10', '26.1.5', false],
] as const)('of a node that should have %s, %s is accepted: %s', (expected, actual, accepted) => {
  const check = (): void => requireEngineVersion('manager-1', expected, actual);
  if (accepted) expect(check).not.toThrow();
  else expect(check).toThrow(`manager-1: expected engine ${expected}, got ${actual}`);
});

test('has a separate image for each version, pinned by digest, and builds the default one only once', () => {
  const recipes = ENGINE_VERSIONS.map(nodeRecipeOf);
  expect(new Set(recipes.map(recipeKey)).size).toBe(ENGINE_VERSIONS.length);
  for (const { registry } of recipes) expect(registry).toMatch(/^docker:[\d.]+-dind@sha256:[0-9a-f]{64}$/);
  expect(recipes.map(recipeKey)).toContain(recipeKey(nodeRecipe));
  expect(ENGINE_VERSIONS.map(nodeRole)).not.toContain(nodeRecipe.role);
});
