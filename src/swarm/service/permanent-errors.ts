// Errors of tasks that no waiting changes: what the task needs does not exist, and nothing in the swarm will create it.
import { type Seconds, monotonic, seconds } from '../../support/clock.ts';
import type { MissingTasks } from './convergence.ts';

/** Of moby's daemon, see `daemon/volumes_unix.go` and `daemon/images`. A retry gets the same answer. */
const REJECTIONS = [/bind source path does not exist/, /no such image/i];

/** Of swarmkit's scheduler, `manager/scheduler/filter.go`: the filters whose answer other tasks and returning nodes don't change. */
const UNSUITABLE = [
  'scheduling constraints not satisfied',
  'unsupported platform',
  'missing plugin',
  'max replicas per node limit exceed',
];

/**
 * So long the same error must be there. An operator's next step may be under way, such as setting a label; and a node reports
 * its plugins to the managers every 20 s (`nodeUpdatePeriod` in swarmkit's `agent/agent.go`).
 */
const PATIENCE = seconds(30);

export function isPermanent(error: string): boolean {
  if (REJECTIONS.some((pattern) => pattern.test(error))) return true;
  const [, explanation] = /^no suitable node \((.*)\)$/s.exec(error) ?? [];
  return (
    explanation !== undefined &&
    explanation.split(';').every((part) => UNSUITABLE.some((known) => part.trim().startsWith(known)))
  );
}

interface Sighting {
  readonly error: string;
  readonly since: number;
  /** Id of the first task that was seen with the error; it may have failed before the wait. */
  readonly first: string;
}

/** Follows one wait for services. */
export class PermanentErrors {
  readonly #sightings = new Map<string, Sighting>();
  readonly #patience: Seconds;

  constructor(patience: Seconds = PATIENCE) {
    this.#patience = patience;
  }

  /** Returns whether it is of no use to wait longer for the service; call it at every look. */
  observe(service: string, missing: MissingTasks | undefined): boolean {
    const { ID = '', Status } = missing?.task ?? {};
    const error = Status?.Err ?? '';
    if (!missing || !Status || !(missing.isGivenUp || isPermanent(error))) {
      this.#sightings.delete(service);
      return false;
    }
    const known = this.#sightings.get(service);
    const sighting = known?.error === error ? known : { error, since: monotonic(), first: ID };
    this.#sightings.set(service, sighting);
    // What failed before the wait says nothing about the task that starts now.
    const isOld =
      ID === sighting.first && Status.State !== 'pending' && missing.isStarting && !missing.isGivenUp;
    return !isOld && monotonic() - sighting.since >= this.#patience;
  }
}
