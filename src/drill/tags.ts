// How often a drill is meant to run: `swarm-drill run --tag` selects by these.

/**
 * - `smoke`: on every change; cheap, and together they exercise every part of the harness.
 * - `nightly`: once a day.
 * - `weekly`: the slow and the rare ones.
 */
export const TAGS = ['smoke', 'nightly', 'weekly'] as const;
export type Tag = (typeof TAGS)[number];

/** The tags of a plan that names none. */
export const DEFAULT_TAGS: readonly Tag[] = ['nightly'];
