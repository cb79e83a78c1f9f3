// Two random writes, one just before the backup and one after it: the first must come back, the second must not. A restore
// that took its data from anywhere but the backup is found by the second.
import type { Check } from '../model/check.ts';
import type { Application, Plan } from './plan.ts';

export const beforeIsThere = (app: Application, id: string): Check => ({
  name: 'the sentinel from before the backup is there',
  required: true,
  doesNotProve: 'that everything beside it is there; the data checks do',
  covers: [],
  async observe() {
    const there = (await app.present([id])).includes(id);
    return {
      compared: 1,
      differences: there ? [] : [`${id} was acknowledged before the backup and is missing`],
    };
  },
});

export const afterIsAsExpected = (
  app: Application,
  id: string,
  recoveryPoint: NonNullable<Plan['recoveryPoint']>,
): Check => ({
  name:
    recoveryPoint === 'backup'
      ? 'the sentinel from after the backup is not there'
      : 'the sentinel from after the backup is there',
  required: true,
  doesNotProve: 'when exactly the recovery point lies; RPA tells',
  covers: [],
  async observe() {
    const there = (await app.present([id])).includes(id);
    const expected = recoveryPoint === 'latest';
    const wrong = there
      ? `${id} was written after the backup and is there: the data did not come from the backup`
      : `${id} is missing`;
    return { compared: 1, differences: there === expected ? [] : [wrong] };
  },
});
