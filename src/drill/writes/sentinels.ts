// Two random writes, one just before the backup and one after it: the first must be restored, the second must not. The second shows
// whether a restore took its data from anywhere but the backup.
import type { Check } from '../../model/check.ts';
import type { Application, Plan } from '../plan.ts';

export const earlySentinelPresent = (app: Application, id: string): Check => ({
  name: 'sentinel from before the backup present',
  required: true,
  doesNotProve: 'that all other data is present: the data checks do',
  covers: [],
  async observe() {
    const isPresent = (await app.present([id])).includes(id);
    return {
      compared: 1,
      differences: isPresent ? [] : [`${id}: was acknowledged before the backup and is missing`],
    };
  },
});

export const lateSentinelAsExpected = (
  app: Application,
  id: string,
  recoveryPoint: NonNullable<Plan['recoveryPoint']>,
): Check => ({
  name: `sentinel from after the backup ${recoveryPoint === 'backup' ? 'absent' : 'present'}`,
  required: true,
  doesNotProve: 'the exact recovery point: see RPA',
  covers: [],
  async observe() {
    const isPresent = (await app.present([id])).includes(id);
    const isExpected = isPresent === (recoveryPoint === 'latest');
    const wrong = isPresent
      ? `${id}: was written after the backup and is present, so the data did not come from the backup`
      : `${id}: is missing`;
    return { compared: 1, differences: isExpected ? [] : [wrong] };
  },
});
