import { describe, expect, test } from 'vitest';
import { differencesBetween } from '../../../src/check/inventory.ts';

const spec = (container: object): { web: unknown } => ({
  web: { TaskTemplate: { ContainerSpec: container } },
});
const between = (before: object, after: object): string[] =>
  differencesBetween('services', spec(before), spec(after));

describe('the difference between two objects', () => {
  test('names the object, the path, and both values', () => {
    expect(between({ Image: 'a' }, { Image: 'b' })).toEqual([
      'services: web.TaskTemplate.ContainerSpec.Image: was "a", is "b"',
    ]);
  });

  test('a list that has an order is another one in another order', () => {
    for (const key of ['Command', 'Args'])
      expect(between({ [key]: ['-c', 'jit=off'] }, { [key]: ['jit=off', '-c'] })).toHaveLength(1);
    expect(
      between({ Healthcheck: { Test: ['CMD', 'true'] } }, { Healthcheck: { Test: ['true', 'CMD'] } }),
    ).toHaveLength(1);
  });

  test('a list that has none is the same one', () => {
    expect(between({ Env: ['A=1', 'B=2'] }, { Env: ['B=2', 'A=1'] })).toEqual([]);
    expect(between({ Env: ['A=1', 'B=2'] }, { Env: ['B=2'] })).toHaveLength(1);
  });

  test('keys have no order; nothing and no key are the same, nothing and an empty object are not', () => {
    expect(between({ User: 'a', Dir: 'b' }, { Dir: 'b', User: 'a' })).toEqual([]);
    expect(between({ User: null }, {})).toEqual([]);
    expect(between({ Mode: { Global: {} } }, { Mode: {} })).toHaveLength(1);
  });

  test('an object that is missing, and one that is new', () => {
    expect(differencesBetween('secrets', { a: 1 }, { b: 1 })).toEqual([
      'secrets: a is missing',
      'secrets: b was not there before',
    ]);
  });
});
