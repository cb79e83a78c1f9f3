// What must not compile, seen by tsc: each line below @ts-expect-error is a mistake that a drill's author can make.
import { disasters, drill, seconds, type Application, type Kept, type Swarm } from 'swarm-drill';

declare const app: Application;
declare const state: Kept<string, Swarm>;
declare const survivor: { readonly name: string };
const plan = { topology: { managers: 1, workers: 0 }, objectives: { rto: seconds(30) } };

drill('every type is inferred, from the top of the plan to its end', {
  ...plan,
  seed: async () => ({ app, shop: 'shop' }),
  baseline: async ({ seeded }) => ({ name: seeded.shop.toUpperCase() }),
  backup: async () => ({ state }),
  drift: ({ write }) => write(1),
  disaster: async () => ({ proof: [], survivors: survivor }),
  outage: ({ survivors }) => (survivors.name ? [] : []),
  restore: async ({ kept, survivors }) => ({
    app,
    swarm: await kept.state.restoreInto(survivors.name),
    extra: 1,
  }),
  verify: ({ restored, baseline }) => (restored.extra && baseline.name && baseline.inventory ? [] : []),
});

drill('a typo in kept', {
  ...plan,
  seed: async () => ({ app }),
  baseline: async () => ({}),
  backup: async () => ({ state }),
  drift: ({ write }) => write(1),
  disaster: ({ swarm }) => disasters.destroyAllNodes(swarm),
  // @ts-expect-error there is no "sate"
  restore: async ({ kept }) => ({ app, swarm: await kept.sate.restoreInto('') }),
  verify: () => [],
});

drill('the baseline used in restore', {
  ...plan,
  seed: async () => ({ app }),
  baseline: async () => ({ rows: 1 }),
  backup: async () => ({ state }),
  drift: ({ write }) => write(1),
  disaster: ({ swarm }) => disasters.destroyAllNodes(swarm),
  // @ts-expect-error restore does not receive the baseline
  restore: async ({ kept, baseline }) => ({ app, swarm: await kept.state.restoreInto(String(baseline)) }),
  verify: () => [],
});

drill('the old swarm used in restore', {
  ...plan,
  seed: async () => ({ app }),
  baseline: async () => ({}),
  backup: async () => ({ state }),
  drift: ({ write }) => write(1),
  disaster: ({ swarm }) => disasters.destroyAllNodes(swarm),
  // @ts-expect-error restore gets the site, never the swarm that is gone
  restore: async ({ swarm }) => ({ app, swarm }),
  verify: () => [],
});

drill('a survivor used after a total loss', {
  ...plan,
  seed: async () => ({ app }),
  baseline: async () => ({}),
  backup: async () => ({ state }),
  drift: ({ write }) => write(1),
  disaster: ({ swarm }) => disasters.destroyAllNodes(swarm),
  // @ts-expect-error nothing survives
  restore: async ({ kept, survivors }) => ({ app, swarm: await kept.state.restoreInto(survivors.name) }),
  verify: () => [],
});

drill('a bare number as an objective', {
  topology: { managers: 1, workers: 0 },
  // @ts-expect-error seconds? milliseconds?
  objectives: { rto: 30 },
  seed: async () => ({ app }),
  baseline: async () => ({}),
  backup: async () => ({ state }),
  drift: ({ write }) => write(1),
  disaster: ({ swarm }) => disasters.destroyAllNodes(swarm),
  restore: async ({ kept }) => ({ app, swarm: await kept.state.restoreInto('') }),
  verify: () => [],
});

drill('without the optional phases', {
  ...plan,
  seed: async () => ({ app }),
  backup: async () => ({ state }),
  drift: ({ write }) => write(1),
  disaster: ({ swarm }) => disasters.destroyAllNodes(swarm),
  outage: undefined,
  restore: async ({ kept }) => ({ app, swarm: await kept.state.restoreInto('') }),
  verify: ({ baseline }) => (baseline.inventory ? [] : []),
});
