// What the command line accepts and rejects.
import { expect, test } from 'vitest';
import { nearestName } from '../../../../src/cli/select/nearest-name.ts';
import { parseMinutes, parseSeconds, parseSize } from '../../../../src/cli/commands/options.ts';

test('accepts seconds above 0, with or without a fraction', () => {
  expect([parseSeconds('90'), parseSeconds('0.5')]).toEqual([90, 0.5]);
});

test.each(['', ' ', 'abc', '-5', '0', 'Infinity', '5s', 'NaN'])('rejects "%s" as an objective', (text) => {
  expect(() => parseSeconds(text)).toThrow(`Expected a number of seconds above 0, got "${text}".`);
});

test('accepts minutes above 0 that fit into a timer, and returns seconds', () => {
  expect([parseMinutes('30'), parseMinutes('0.5'), parseMinutes('10000')]).toEqual([1800, 30, 600_000]);
});

test.each(['', 'abc', '-5', '0', 'Infinity', '10001', '5m'])('rejects "%s" as a limit in minutes', (text) => {
  expect(() => parseMinutes(text)).toThrow(
    `Expected a number of minutes above 0 and at most 10000, got "${text}".`,
  );
});

test('accepts only the names of sizes', () => {
  expect(parseSize('medium')).toBe('medium');
  expect(() => parseSize('Medium')).toThrow('Expected small, medium, large, got "Medium".');
});

test.each([
  ['totl-loss', 'total-loss'],
  ['TOTAL', 'total-loss'],
  ['single', 'single-manager'],
  ['xyz', undefined],
])('suggests for %s: %s', (word, meant) => {
  expect(nearestName(word, ['single-manager', 'total-loss'])).toBe(meant);
});
