// Turns open labs into places for drills.
import type { Drill } from '../../drill/plan.ts';
import type { Lab } from '../../lab/lab.ts';
import { measureMachine } from '../../lab/machine.ts';
import { slotsOf } from './capacity.ts';
import type { LabPlace } from './job-runner.ts';

export const measurePlaces = (labs: readonly Lab[], drills: readonly Drill[]): Promise<LabPlace[]> =>
  Promise.all(
    labs.map(async (lab) => {
      const machine = await measureMachine(lab);
      return {
        lab,
        address: lab.address ?? lab.host,
        machine: machine.name,
        slots: slotsOf(machine, drills),
        busy: machine.load / machine.cores,
      };
    }),
  );

/** Returns the most drills at one time: those of every machine; engines on one machine share its slots. */
export function defaultJobs(places: readonly LabPlace[]): number {
  const byMachine = new Map(places.map(({ machine, slots }) => [machine, slots]));
  return [...byMachine.values()].reduce((sum, slots) => sum + slots, 0);
}
