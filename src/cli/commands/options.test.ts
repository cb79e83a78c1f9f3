// What the command line takes and refuses.
import { expect, test } from 'vitest';
import { nearestName } from '../runner/nearest-name.ts';
import { parseSeconds, parseSize } from './options.ts';

test('seconds above 0, also with a fraction', () => {
  expect([parseSeconds('90'), parseSeconds('0.5')]).toEqual([90, 0.5]);
});

test.each(['', ' ', 'abc', '-5', '0', 'Infinity', '5s', 'NaN'])('"%s" is no objective', (text) => {
  expect(() => parseSeconds(text)).toThrow(`Expected a number of seconds above 0, got "${text}".`);
});

test('sizes are words', () => {
  expect(parseSize('medium')).toBe('medium');
  expect(() => parseSize('Medium')).toThrow('Expected small, medium, large, got "Medium".');
});

test.each([
  ['totl-loss', 'total-loss'],
  ['TOTAL', 'total-loss'],
  ['single', 'single-manager'],
  ['xyz', undefined],
])('%s is taken for %s', (word, meant) => {
  expect(nearestName(word, ['single-manager', 'total-loss'])).toBe(meant);
});
