// The only node is lost after its engine was upgraded, or the host that is left has an older engine: the backup is of one engine
// version, and the restore runs on another. Docker documents neither. Each drill backs up on one version and restores on one; the
// question is the same each time: is everything back, as it is on the version that made the backup?
// The thread that many upgrades begin with: https://github.com/moby/moby/issues/42660
import {
  baselines,
  type Check,
  checks,
  disasters,
  drill,
  methods,
  seconds,
  type EngineVersion,
} from 'swarm-drill';
import { ledger } from '../fixtures/ledger/ledger.ts';

const VERSIONS: readonly EngineVersion[] = ['20.10', '26.1', '28.5'];
const archive = methods.volumeArchive();

/** Fields of services that an engine does not know, and that a service created on a newer one loses there. */
const UNKNOWN: Partial<Record<EngineVersion, RegExp>> = {
  // New in 25.0. Without it a container is not asked more often while it starts.
  '20.10': /Healthcheck\.StartInterval: was \d+, is nothing$/,
};

/** The check, which must find exactly what the engine does not know: when it comes back after all, docs/engine-versions.md is wrong. */
const losing = (check: Check, unknown: RegExp | undefined): Check =>
  unknown === undefined
    ? check
    : {
        ...check,
        doesNotProve: `${check.doesNotProve}; fields that this engine does not know are expected to be missing (${unknown.source})`,
        async observe() {
          const seen = await check.observe();
          if (!('differences' in seen)) return seen;
          const others = seen.differences.filter((difference) => !unknown.test(difference));
          return {
            ...seen,
            differences:
              others.length < seen.differences.length
                ? others
                : [...others, `expected a loss (${unknown.source}), nothing is lost`],
          };
        },
      };

/** A backup of engine `from`, restored on engine `to`. */
const restoredOn = (from: EngineVersion, to: EngineVersion) =>
  drill(`engine ${from} to ${to}: the ledger comes back on another engine version`, {
    variant: `${from}-to-${to}`.replaceAll('.', '-'),
    tags: ['weekly'],
    topology: { managers: 1, workers: 0 },
    engineVersion: from,
    otherEngineVersions: [to],
    images: ledger.images,
    objectives: { rto: seconds(120), rpo: seconds(120) },

    async seed({ swarm, seed, size }) {
      const shop = await ledger.deploy(swarm, { seed, size });
      return { app: shop, shop };
    },
    async baseline({ swarm, seeded: { shop } }) {
      return {
        mounted: await baselines.mountedFiles(swarm),
        rootCertificate: await baselines.rootCertificate(swarm),
        contents: await shop.contents(),
      };
    },
    async backup({ swarm, vault, seeded: { shop } }) {
      return {
        state: await vault.keep(methods.swarmState(), swarm),
        dump: await vault.keep(methods.postgresDump(), shop.database),
        files: await vault.keep(archive, await shop.files()),
      };
    },
    drift: ({ write }) => write(5),
    disaster: ({ swarm }) => disasters.destroyAllNodes(swarm),
    async restore({ site, kept }) {
      const swarm = await kept.state.restoreInto(site.withEngineVersion(to));
      const shop = await ledger.restoreInto(swarm, kept);
      return { swarm, shop, app: shop };
    },
    verify: ({ restored: { swarm, shop }, baseline }) => [
      checks.nodesRunEngine(swarm, to),
      checks.managersReachable(swarm, 1),
      checks.rootCertificateStable(swarm, baseline.rootCertificate),
      checks.tasksRunning(swarm),
      losing(checks.inventoryMatches(swarm, baseline.inventory), from === to ? undefined : UNKNOWN[to]),
      checks.mountedFilesMatch(swarm, baseline.mounted),
      ...shop.checks(baseline.contents, { loses: archive.loses }),
    ],
  });

for (const from of VERSIONS) for (const to of VERSIONS) restoredOn(from, to);
