// The volume of a Redis or Valkey server that keeps an append-only file (AOF) is lost. The backup is a snapshot, dump.rdb.
//
// A server with `appendonly yes` loads its AOF and nothing else. With dump.rdb in an otherwise empty directory it starts without a key,
// answers PING, and overwrites the snapshot when it saves next.
//
// The recovery has a server without AOF load the snapshot, switches the AOF on, and waits until it is written. Only then does the service
// start. Proof is every key with its value and its expiry.
//
// https://github.com/redis/redis/issues/12762
import { checks, disasters, drill, methods, minutes } from 'swarm-drill';
import { restoreWhileStopped } from '../fixtures/operator.ts';
import { Sessions, sessions } from '../fixtures/sessions/sessions.ts';

export default drill('key-value snapshot: a server with an append-only file loads the snapshot', {
  topology: { managers: 1, workers: 0 },
  images: sessions.images,
  objectives: { rto: minutes(2), rpo: minutes(5) },

  async seed({ swarm, seed, size }) {
    const store = await sessions.deploy(swarm, { seed, size });
    return { app: store, store };
  },
  baseline: async ({ seeded: { store } }) => ({ contents: await store.contents() }),
  backup: async ({ vault, seeded: { store } }) => ({ keys: await vault.keep(methods.valkeyRdb(), store) }),
  drift: ({ write }) => write(5),
  disaster: ({ swarm }) => disasters.removeVolumes(swarm, 'manager-1', sessions.volumeName),
  async restore({ kept, survivors: swarm }) {
    const store = new Sessions(swarm);
    const volume = sessions.volumeOn(swarm, { 'manager-1': sessions.labels });
    await restoreWhileStopped(store.service, volume, kept.keys);
    await swarm.converged();
    return { swarm, store, app: store };
  },
  verify: ({ restored: { swarm, store }, baseline }) => [
    checks.tasksRunning(swarm),
    ...store.checks(baseline.contents),
  ],
});
