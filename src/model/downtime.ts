// What a backup stopped, and for how long.
import { z } from 'zod';

export const downtime = z.object({
  /** E.g. `service shop_web` or `engine of manager-1`. */
  what: z.string().min(1),
  /** From the request to stop it until it ran again. */
  seconds: z.number().nonnegative(),
});
export type Downtime = z.infer<typeof downtime>;

/** Part of the metadata of methods that stop something; a restore does not need it. */
export const stopped = z.array(downtime).default([]);
