// Every method on the same data, each in a drill of its own: back up, destroy, restore into a fresh swarm, check all. The run's page
// puts side by side what each brought back, what it lost, and what it took.
import { randomBytes } from 'node:crypto';
import {
  borg,
  companion,
  DATABASE_ASPECTS,
  DEFINITION_ASPECTS,
  dockerCp,
  dockerCpStopped,
  drill,
  everyNode,
  FILE_ASPECTS,
  gitStackAtVault,
  installVolumePlugin,
  KEY_VALUE_ASPECTS,
  managersReachable,
  minutes,
  mountedBytes,
  newIdentity,
  postgresDump,
  postgresPhysical,
  postgresPointInTime,
  postgresWal,
  restic,
  rsyncArchive,
  rsyncFull,
  sameInventory,
  sameMountedBytes,
  seal,
  secretsInTasks,
  serviceExport,
  SNAPSHOT_DRIVER,
  STORAGE_ASPECTS,
  swarmState,
  swarmStateHot,
  tarAndZstd,
  tasksReallyRun,
  vacate,
  valkeyAof,
  valkeyRdb,
  volumeArchive,
  volumePluginStopped,
  whileStopped,
  type Aspect,
  type Check,
  type Kept,
  type Method,
  type Node,
  type PostgresService,
  type Site,
  type Subject,
  type Swarm,
  type Vault,
  type Volume,
} from '../src/index.ts';
import { ledger, type Ledger } from '../fixtures/ledger/ledger.ts';
import { stackRepository } from '../fixtures/repository.ts';
import { Sessions, sessions } from '../fixtures/sessions/sessions.ts';

/** What there is to back up, and where to. */
interface Given {
  readonly swarm: Swarm;
  readonly vault: Vault;
  readonly shop: Ledger;
  readonly store: Sessions;
}

/** A fresh swarm that has its services, and the labels that its nodes are to get when the data is in place. */
interface Fresh {
  readonly swarm: Swarm;
  readonly labels: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** A whole backup: the definition, the files, the rows in one of two ways, the keys. */
interface Parts {
  readonly definition: Kept<Site, Fresh>;
  readonly files: Kept<Volume, unknown>;
  readonly dump?: Kept<PostgresService, unknown>;
  readonly database?: Kept<Volume, unknown>;
  readonly keys: Kept<Volume, unknown>;
}
type Keep = { readonly [Part in keyof Parts]?: (given: Given) => Promise<NonNullable<Parts[Part]>> };

/** One row of the matrix: which method, what it does instead of the usual, and what only it must prove. */
interface Way {
  readonly variant: string;
  readonly subject: Subject;
  readonly keep: Keep;
  /** Postgres archives its WAL. */
  readonly archive?: boolean;
  /** The files lie in a volume of this driver; what installs it on a node. */
  readonly filesDriver?: string;
  readonly install?: (node: Node) => Promise<void>;
  /** Volumes that the method's speed is measured by. */
  readonly data?: (given: Pick<Given, 'shop' | 'store'>) => Promise<readonly Volume[]>;
  readonly checks?: (shop: Ledger) => readonly Check[];
}

const usual = {
  definition: ({ vault, swarm }) => stateBy(swarmState, vault, swarm),
  files: async ({ vault, shop }) => vault.keep(volumeArchive, await shop.files()),
  dump: ({ vault, shop }) => vault.keep(postgresDump, shop.database),
  keys: ({ vault, store }) => vault.keep(valkeyRdb, store),
} satisfies Keep;

// Volumes: the files beside a service that runs, the databases with theirs stopped.

type VolumeMethod = Method<Volume, Volume, unknown>;
const VOLUMES = [...FILE_ASPECTS, ...DATABASE_ASPECTS, ...KEY_VALUE_ASPECTS, ...STORAGE_ASPECTS];

const volumesBy = (variant: string, method: VolumeMethod, files = once): Way => ({
  variant,
  subject: { of: 'volumes', aspects: VOLUMES, method },
  data: async ({ shop, store }) => [await shop.files(), await shop.databaseVolume(), await store.volume()],
  keep: {
    files: (given) => files(method, given),
    database: async (given) =>
      stopped(given, given.shop.database.service, method, await given.shop.databaseVolume()),
    keys: async (given) => stopped(given, given.store.service, method, await given.store.volume()),
  },
});

const once = async (method: VolumeMethod, { vault, shop }: Given) => vault.keep(method, await shop.files());

/** A second backup after changes; what is restored is the older one. */
async function twice(method: VolumeMethod, given: Given) {
  const older = await once(method, given);
  await given.shop.http('PUT', '/files/after-the-first-backup', randomBytes(1 << 20));
  await once({ ...method, name: `${method.name}, after changes` }, given);
  return older;
}

async function stopped({ swarm, vault }: Given, service: string, method: VolumeMethod, volume: Volume) {
  const kept = await whileStopped(swarm, [service], () => vault.keep(method, volume));
  await swarm.converged();
  return kept;
}

/** The files alone: the databases' volumes stay the engine's own. */
const filesByPlugin: Way = {
  variant: 'volume-plugin',
  subject: { of: 'files', aspects: [...FILE_ASPECTS, ...STORAGE_ASPECTS], method: volumePluginStopped },
  filesDriver: SNAPSHOT_DRIVER,
  install: installVolumePlugin,
  data: async ({ shop }) => [await shop.files()],
  keep: { files: (given) => once(volumePluginStopped, given) },
};

// Postgres: the rows and roles by means of its own.

const postgresBy = (
  variant: string,
  method: Subject['method'],
  more: Omit<Way, 'variant' | 'subject'>,
): Way => ({
  variant,
  subject: { of: 'Postgres', aspects: [...DATABASE_ASPECTS, ...STORAGE_ASPECTS], method },
  data: async ({ shop }) => [await shop.databaseVolume()],
  ...more,
});

const REPLAYED = 'probe-after-the-base';

/** A base backup, a write, a moment to name, a mistake: back comes the write, and not the mistake. */
async function toTheNamedTime({ vault, shop }: Given): Promise<Kept<Volume, unknown>> {
  const base = await vault.keep(postgresPointInTime, shop.database);
  await shop.write(REPLAYED);
  const to = await shop.database.now();
  await shop.database.asSuperuser((client) => client.query(`UPDATE receipts SET note = 'a mistake'`));
  const wal = await vault.keep(postgresWal, shop.archive);
  return {
    name: base.name,
    async restoreInto(volume) {
      const archive = ledger.archiveVolume;
      await wal.restoreInto({ ...volume, name: archive });
      return base.restoreInto({ ...volume, archive, to });
    },
  };
}

const replayed = (shop: Ledger): Check => ({
  name: 'writes up to the named time were replayed',
  required: true,
  covers: [],
  doesNotProve: 'that nothing from after it is there: the rows check does',
  look: async () => ({
    compared: 1,
    differences:
      (await shop.present([REPLAYED])).length === 1 ? [] : ['the write after the base backup is missing'],
  }),
});

// Valkey.

const valkeyBy = (variant: string, method: Method<Sessions, Volume, unknown>): Way => ({
  variant,
  subject: { of: 'Valkey', aspects: [...KEY_VALUE_ASPECTS, ...STORAGE_ASPECTS], method },
  data: async ({ store }) => [await store.volume()],
  keep: { keys: ({ vault, store }) => vault.keep(method, store) },
});

// The definition of everything, with the data by the usual means.

const definitionBy = (
  variant: string,
  method: Subject['method'],
  definition: NonNullable<Keep['definition']>,
  byHand: readonly Aspect[] = [],
): Way => ({
  variant,
  subject: {
    of: 'the whole stack',
    aspects: [...DEFINITION_ASPECTS, ...STORAGE_ASPECTS].filter((one) => !byHand.includes(one)),
    method,
  },
  keep: { definition },
});

async function stateBy(
  method: Method<Swarm, Site, Swarm>,
  vault: Vault,
  source: Swarm,
): Promise<Kept<Site, Fresh>> {
  const kept = await vault.keep(method, source);
  return {
    name: kept.name,
    async restoreInto(site) {
      const swarm = await kept.restoreInto(site);
      return { swarm, labels: await swarm.replaceLostMembers() };
    },
  };
}

async function exported({ vault, swarm: source }: Given): Promise<Kept<Site, Fresh>> {
  const { identity, recipient } = await newIdentity();
  const sealed = await seal(await secretsInTasks(source), recipient);
  const kept = await vault.keep(serviceExport, source);
  const secrets = { sealed: async () => sealed, identity: async () => identity };
  return {
    name: kept.name,
    async restoreInto(site) {
      const swarm = await site.startSwarm(topology);
      const { labels } = await kept.restoreInto({ swarm, secrets, holdBack: 'node labels' });
      return { swarm, labels };
    },
  };
}

/** No compose file has the labels of nodes: whoever sets nodes up sets them, as the drill does here. */
async function inGit({ vault, swarm: source }: Given): Promise<Kept<Site, Fresh>> {
  const { identity, recipient } = await newIdentity();
  const sealed = await seal(await secretsInTasks(source), recipient);
  const secrets = { sealed: async () => sealed, identity: async () => identity };
  await using repository = await stackRepository(source);
  const stacks = [
    await vault.keep(gitStackAtVault, { swarm: source, ...repository.ledger }),
    await vault.keep(gitStackAtVault, { swarm: source, ...repository.sessions }),
  ];
  return {
    name: stacks.map(({ name }) => name).join(', '),
    async restoreInto(site) {
      const swarm = await site.startSwarm(topology);
      for (const stack of stacks) await stack.restoreInto({ swarm, secrets });
      return { swarm, labels: { [swarm.nodes[0]?.name ?? '']: { ...ledger.labels, ...sessions.labels } } };
    },
  };
}

const ways: readonly Way[] = [
  volumesBy('volume-archive', volumeArchive),
  volumesBy('docker-cp', dockerCp),
  volumesBy('docker-cp-stopped', dockerCpStopped),
  volumesBy('rsync-a', rsyncArchive, twice),
  volumesBy('rsync-full', rsyncFull, twice),
  volumesBy('companion', companion),
  volumesBy('restic', restic, twice),
  volumesBy('borg', borg, twice),
  filesByPlugin,
  postgresBy('pg-dump', postgresDump, { keep: {} }),
  postgresBy('pg-basebackup', postgresPhysical, {
    keep: { database: ({ vault, shop }) => vault.keep(postgresPhysical, shop.database) },
  }),
  postgresBy('pg-point-in-time', postgresPointInTime, {
    archive: true,
    keep: { database: toTheNamedTime },
    checks: (shop) => [replayed(shop)],
  }),
  valkeyBy('valkey-rdb', valkeyRdb),
  valkeyBy('valkey-aof', valkeyAof),
  definitionBy('swarm-state', swarmState, usual.definition),
  definitionBy('swarm-state-hot', swarmStateHot, ({ vault, swarm }) => stateBy(swarmStateHot, vault, swarm)),
  definitionBy('service-export', serviceExport, exported),
  definitionBy('git-stack', gitStackAtVault, inGit, ['node labels']),
];

const topology = { managers: 1, workers: 0 };

for (const { variant, subject, keep, archive = false, filesDriver, install, data, checks } of ways)
  drill(`${subject.of} by ${subject.method.name}: everything is lost, and comes back`, {
    variant,
    subject,
    topology,
    objectives: { rto: minutes(2), rpo: minutes(5) },

    async seed({ swarm, seed, size }) {
      for (const node of swarm.nodes) await install?.(node);
      const shop = await ledger.deploy(swarm, { seed, size, archive, ...(filesDriver && { filesDriver }) });
      const store = await sessions.deploy(swarm, { seed, size });
      const canary = `canary-${randomBytes(12).toString('hex')}`;
      await shop.http('PUT', '/files/canary', Buffer.from(canary));
      return { app: shop, shop, store, canaries: [canary] };
    },

    async baseline({ swarm, seeded: { shop, store } }) {
      return {
        mounted: await mountedBytes(swarm),
        contents: await shop.contents(),
        keys: await store.contents(),
      };
    },

    yardstick: data && (async ({ seeded }) => tarAndZstd(await data(seeded))),

    async backup({ swarm, vault, seeded: { shop, store } }) {
      const given = { swarm, vault, shop, store };
      const definition = await (keep.definition ?? usual.definition)(given);
      const rows = keep.database
        ? { database: await keep.database(given) }
        : { dump: await (keep.dump ?? usual.dump)(given) };
      const keys = await (keep.keys ?? usual.keys)(given);
      return { definition, ...rows, keys, files: await (keep.files ?? usual.files)(given) };
    },

    drift: ({ write }) => write(5),
    disaster: ({ swarm }) => everyNode(swarm),

    async restore({ site, kept }) {
      const { swarm, labels } = await kept.definition.restoreInto(site);
      for (const node of swarm.nodes) await install?.(node);
      await kept.keys.restoreInto(await vacate(sessions.place(swarm, labels)));
      const shop = await ledger.restoreInto(swarm, kept, labels);
      return { swarm, shop, store: new Sessions(swarm), app: shop };
    },

    verify: ({ restored: { swarm, shop, store }, baseline }) => {
      const { loses } = subject.method;
      return [
        managersReachable(swarm, topology.managers),
        tasksReallyRun(swarm),
        sameInventory(swarm, baseline.inventory, { loses }),
        sameMountedBytes(swarm, baseline.mounted),
        ...shop.checks(baseline.contents, { loses }),
        ...store.checks(baseline.keys),
        ...(checks?.(shop) ?? []),
      ];
    },
  });
