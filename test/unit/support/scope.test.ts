import { expect, test } from 'vitest';
import { seconds } from '../../../src/support/clock.ts';
import { Scope } from '../../../src/support/scope.ts';

test('runs every undo, last registered first, and keeps every error', async () => {
  const scope = new Scope();
  const order: number[] = [];
  for (const number of [1, 2, 3])
    scope.defer(`remove ${number}`, async () => {
      order.push(number);
      if (number > 1) throw new Error(`${number} is in use`);
    });
  const errors = await scope.close();
  expect(order).toEqual([3, 2, 1]);
  expect(errors).toMatchObject([
    { message: 'clean-up step "remove 3" failed', cause: { message: '3 is in use' } },
    { message: 'clean-up step "remove 2" failed', cause: { message: '2 is in use' } },
  ]);
});

test('limits each undo and goes on to the next', async () => {
  const scope = new Scope();
  let isRemoved = false;
  scope.defer('remove the network', async () => (isRemoved = true));
  scope.defer('remove the container', () => new Promise(() => undefined));
  expect(await scope.close(seconds(0.02))).toMatchObject([{ cause: { code: 'clean-up-timeout' } }]);
  expect(isRemoved).toBe(true);
});

test('does nothing when it is closed again, and refuses undos that would never run', async () => {
  const scope = new Scope();
  let count = 0;
  scope.defer('count', async () => count++);
  await scope.close();
  expect(await scope.close()).toEqual([]);
  expect(count).toBe(1);
  expect(() => scope.defer('too late', async () => undefined)).toThrow(ReferenceError);
});

test('throws all errors together when it is disposed', async () => {
  const use = async () => {
    await using scope = new Scope();
    scope.defer('remove', () => Promise.reject(new Error('in use')));
  };
  await expect(use()).rejects.toMatchObject({ name: 'AggregateError', errors: [{ code: 'clean-up' }] });
});
