// How a disaster is proven: by what its witnesses see, and by nothing else.
import { expect, test } from 'vitest';
import { causeFailure, causeReversible, type Witness } from '../../../src/disaster/cause.ts';
import { combine } from '../../../src/disaster/combine.ts';
import { seconds } from '../../../src/support/clock.ts';

/** A lamp that witnesses look at. */
class Lamp {
  state = 'on';
  readonly witness: Witness = {
    what: 'lamp',
    id: 'lamp-1',
    look: async () => ({ state: this.state, detail: `looked at ${++this.#looks} times` }),
  };
  #looks = 0;
  readonly switchTo = async (state: string): Promise<void> => {
    this.state = state;
  };
}

const failing = (lamp: Lamp, options: { cause?: () => Promise<unknown> } = {}) => ({
  name: 'switch the lamp off',
  witnesses: [lamp.witness],
  cause: () => lamp.switchTo('off'),
  limit: seconds(0.05),
  ...options,
});

test('shows what was seen before and after', async () => {
  expect(await causeFailure(failing(new Lamp()))).toEqual([
    { what: 'lamp', id: 'lamp-1', before: 'on, looked at 1 times', after: 'off, looked at 2 times' },
  ]);
});

test('waits for an effect that comes later', async () => {
  const lamp = new Lamp();
  const cause = async () => void setTimeout(() => void lamp.switchTo('off'), 100);
  const [row] = await causeFailure({ ...failing(lamp, { cause }), limit: seconds(5) });
  expect(row?.after).toMatch(/^off/);
});

test('shows the same text before and after when only the details changed', async () => {
  const [row] = await causeFailure(failing(new Lamp(), { cause: async () => {} }));
  expect(row).toMatchObject({ before: 'on, looked at 1 times', after: 'on, looked at 1 times' });
});

test('passes on why the cause failed', async () => {
  const cause = () => Promise.reject(new Error('the switch is stuck'));
  await expect(causeFailure(failing(new Lamp(), { cause }))).rejects.toThrow('the switch is stuck');
});

test('undoes a failure once, and proves it', async () => {
  const lamp = new Lamp();
  let times = 0;
  const reverse = async () => {
    times++;
    await lamp.switchTo('on');
  };
  const outage = await causeReversible({ ...failing(lamp), reverse }, 'the house');
  await Promise.all([outage.undo(), outage.undo()]);
  await outage.undo();
  expect({ state: lamp.state, times, survivors: outage.survivors }).toEqual({
    state: 'on',
    times: 1,
    survivors: 'the house',
  });
});

test('refuses an undo without effect, and tries again', async () => {
  const lamp = new Lamp();
  let works = false;
  const reverse = async () => {
    if (works) await lamp.switchTo('on');
  };
  const outage = await causeReversible({ ...failing(lamp), reverse }, undefined);
  await expect(outage.undo()).rejects.toMatchObject({
    code: 'not-undone',
    message: expect.stringContaining('lamp: expected on, got off') as string,
  });
  works = true;
  await outage.undo();
  expect(lamp.state).toBe('on');
});

test('combines failures: all proof, the survivors of the last, undone in reverse order', async () => {
  const order: string[] = [];
  const part = (name: string) => ({
    proof: [{ what: name, id: name, before: 'on', after: 'off' }],
    survivors: name,
    undo: async () => void order.push(name),
  });
  const both = combine(part('first'), part('second'));
  await both.undo();
  expect(both.proof.map(({ what }) => what)).toEqual(['first', 'second']);
  expect({ survivors: both.survivors, order }).toEqual({ survivors: 'second', order: ['second', 'first'] });
});

test('has no undo for a combination of which a part can not be undone', () => {
  const lasting = { proof: [], survivors: undefined };
  const reversible = { ...lasting, undo: async () => {} };
  expect(combine(lasting, reversible)).not.toHaveProperty('undo');
});
