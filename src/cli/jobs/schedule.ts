// Decides which drill starts next, and on which engine. Pure: job-runner.ts starts it.
import type { Drill } from '../../drill/plan.ts';

/** An engine that drills may run on. */
export interface Place {
  /** The engine's address, as the user named it. */
  readonly address: string;
  /** Engines on the same machine share its cores and memory. */
  readonly machine: string;
  /** How many drills the machine can run side by side, by its cores and memory. */
  readonly slots: number;
  /** Load of the machine when the run began, as a share of its cores. */
  readonly busy: number;
}

export interface Running<P extends Place = Place> {
  readonly drill: Drill;
  readonly place: P;
}

export interface ScheduleState<P extends Place> {
  /** In the order in which they should start. */
  readonly waiting: readonly Drill[];
  readonly running: readonly Running<P>[];
  /** Engines that answer. */
  readonly places: readonly P[];
  /** Most drills at one time, on all engines together. */
  readonly jobs: number;
}

/** Networks of a drill have addresses of a fixed range, which has room for 16 sites: see src/swarm/site-network.ts. */
const MOST_PER_ENGINE = 12;

/** Returns the next drill and its engine; undefined when one that runs has to end first. */
export function nextToStart<P extends Place>(state: ScheduleState<P>): Running<P> | undefined {
  if (state.running.length >= state.jobs) return undefined;
  for (const drill of state.waiting) {
    const place = choosePlace(drill, state);
    if (place) return { drill, place };
  }
  return undefined;
}

function choosePlace<P extends Place>(drill: Drill, { running, places }: ScheduleState<P>): P | undefined {
  const on = (machine: string) => running.filter(({ place }) => place.machine === machine);
  // Engines on one machine are measured at different moments: the differences between them mean nothing.
  const load = ({ machine }: Place): number => {
    const same = places.filter((place) => place.machine === machine);
    const busy = Math.max(...same.map((place) => place.busy));
    return busy + on(machine).length / Math.min(...same.map(({ slots }) => slots));
  };
  const onEngine = ({ address }: Place): number =>
    running.filter(({ place }) => place.address === address).length;
  return places
    .filter(({ machine }) => mayShare(drill, on(machine)))
    .filter((place) => onEngine(place) < MOST_PER_ENGINE)
    .toSorted((a, b) => load(a) - load(b) || onEngine(a) - onEngine(b))[0];
}

function mayShare(drill: Drill, others: readonly Running[]): boolean {
  if (others.length === 0) return true;
  return (
    drill.plan.runsAlone === undefined && others.every((other) => other.drill.plan.runsAlone === undefined)
  );
}

/**
 * Sorts drills for a run that has several at a time: the longest first, so that none starts last and is waited for. Those that must
 * run without others come at the end: before it, they would keep a machine from starting anything until it is empty.
 * @param seconds that each drill will probably take, by name
 */
export const inStartOrder = (drills: readonly Drill[], seconds: ReadonlyMap<string, number>): Drill[] =>
  drills.toSorted(
    (a, b) =>
      Number(a.plan.runsAlone !== undefined) - Number(b.plan.runsAlone !== undefined) ||
      (seconds.get(b.name) ?? 0) - (seconds.get(a.name) ?? 0),
  );
