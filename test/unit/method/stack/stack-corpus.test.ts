// The corpus of stacks can be read; what it shows needs a lab and is in the project `methods`.
import { expect, test } from 'vitest';
import { corpusEntries } from '../../../support/corpus-entry.ts';

test('every entry of the corpus has a change and a valid pattern, and there are at least 40', () => {
  const entries = corpusEntries();
  expect(entries.length).toBeGreaterThanOrEqual(40);
  for (const { finds, change, compose, contents } of entries) {
    expect(change).not.toBe('');
    expect('no error').not.toMatch(new RegExp(finds));
    for (const file of compose.split('\n')) expect(Object.keys(contents)).toContain(file);
  }
});
