// A drill is named after its file, validated when it is declared, and passed to a runner.
import { expect, test } from 'vitest';
import { seconds } from '../../../src/support/clock.ts';
import { drill } from '../../../src/drill/drill.ts';
import type { Plan } from '../../../src/drill/plan.ts';
import { declaredDrills, onDrillDeclared } from '../../../src/drill/registry.ts';

const unused = (): never => {
  throw new Error('a drill that is only declared must not run');
};
const plan: Plan = {
  topology: { managers: 1, workers: 0 },
  objectives: {},
  seed: unused,
  baseline: unused,
  backup: unused,
  drift: unused,
  disaster: unused,
  restore: unused,
  verify: unused,
};

test('is named after the file that declares it', () => {
  expect(drill('a title', plan)).toMatchObject({
    name: 'drill',
    title: 'a title',
    file: import.meta.filename,
  });
});

test('is registered and passed to the runner, and not run', () => {
  const seen: string[] = [];
  onDrillDeclared(({ title }) => seen.push(title));
  const declared = drill('declared', plan);
  expect(seen).toEqual(['declared']);
  expect(declaredDrills().at(-1)).toBe(declared);
});

test.each([
  [{ topology: { managers: 0, workers: 0 } }, 'expected 1 to 7 managers, got 0'],
  [{ topology: { managers: 8, workers: 0 } }, 'expected 1 to 7 managers, got 8'],
  [{ topology: { managers: 1, workers: 10.5 } }, 'expected 0 to 10 workers, got 10.5'],
  [{ objectives: { rto: seconds(0) } }, 'expected an RTO above 0 seconds, got 0'],
  [{ tags: [] }, 'expected tags (one or several of smoke, nightly, weekly), got []'],
  [
    { tags: ['smoke' as const, 'hourly' as never] },
    'expected tags (one or several of smoke, nightly, weekly), got [smoke, hourly]',
  ],
  [{ runsAlone: ' ' }, 'expected the reason why the drill must run without others, got " "'],
  [{ runsAlone: true as never }, 'expected the reason why the drill must run without others, got "true"'],
])('refuses an invalid plan: %j', (wrong, message) => {
  expect(() => drill('wrong', { ...plan, ...wrong })).toThrow(
    expect.objectContaining({ message, blame: 'usage' }),
  );
});

test.each([
  [['drift'], 'drill drill: phase `drift` is missing'],
  [['seed', 'verify'], 'drill drill: phases `seed`, `verify` are missing'],
])('refuses a plan without %j', (phases, message) => {
  const incomplete = { ...plan, ...Object.fromEntries(phases.map((phase) => [phase, undefined])) };
  expect(() => drill('incomplete', incomplete)).toThrow(expect.objectContaining({ message, blame: 'usage' }));
});

test('accepts a plan without its optional phases', () => {
  const { baseline: _baseline, ...required } = plan;
  expect(drill('no more than required', required).plan).toMatchObject(required);
});
