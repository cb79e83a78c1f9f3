// Every method on the same data, each in a drill of its own: back up, destroy, restore into a fresh swarm, check all. The run's page
// puts side by side what each brought back, what it lost, and what it took.
import { randomBytes } from 'node:crypto';
import {
  baselines,
  checks,
  disasters,
  drill,
  methods,
  minutes,
  type Check,
  type Inventory,
  type Kept,
  type Method,
  type Node,
  type Site,
  type Subject,
  type Swarm,
  type Vault,
} from 'swarm-drill';
import {
  DATABASE_ASPECTS,
  DEFINITION_ASPECTS,
  DrillError,
  FILE_ASPECTS,
  KEY_VALUE_ASPECTS,
  SNAPSHOT_DRIVER,
  STORAGE_ASPECTS,
  differencesBetween,
  evictAndEmptyVolume,
  installVolumePlugin,
  createAgeIdentity,
  measurePackAndUnpack,
  sealSecrets,
  readSecretsInTasks,
  withServicesStopped,
  type Objects,
  type PostgresService,
  type Redeployed,
  type StackSource,
  type StackTarget,
  type Volume,
} from 'swarm-drill/workload';
import type { StackOptions } from '../fixtures/compose.ts';
import { ledger, type Ledger } from '../fixtures/ledger/ledger.ts';
import { stackRepository } from '../fixtures/repository.ts';
import { Sessions, sessions } from '../fixtures/sessions/sessions.ts';

/** What there is to back up, and where to. */
interface Given {
  readonly swarm: Swarm;
  readonly vault: Vault;
  readonly shop: Ledger;
  readonly store: Sessions;
  /** What must not be read in the vault, for methods that carry text of their own. */
  readonly canary: string;
}

/** A fresh swarm that has its services, and the labels that its nodes are to get when the data is in place. */
interface Fresh {
  readonly swarm: Swarm;
  readonly labels: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Where a person sets them: the labels that the method itself brought back. */
  readonly labelsOfMethod?: Objects;
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
  /** How the stacks are deployed otherwise than usual. */
  readonly stack?: StackOptions;
  /** What the vault needs for it. */
  readonly vault?: { readonly objectStore: true };
  /** Installs the driver of their volumes on a node. */
  readonly install?: (node: Node) => Promise<void>;
  /** Volumes that the method's speed is measured by. */
  readonly data?: (given: Pick<Given, 'shop' | 'store'>) => Promise<readonly Volume[]>;
  readonly ownChecks?: (shop: Ledger) => readonly Check[];
}

const usual = {
  definition: ({ vault, swarm }) => stateBy(methods.swarmState(), vault, swarm),
  files: async ({ vault, shop }) => vault.keep(methods.volumeArchive(), await shop.files()),
  dump: ({ vault, shop }) => vault.keep(methods.postgresDump(), shop.database),
  keys: ({ vault, store }) => vault.keep(methods.valkeyRdb(), store),
} satisfies Keep;

// Volumes: the files beside a service that runs, the databases with theirs stopped; all three stopped by a method that does so itself.

type VolumeMethod = Method<Volume, Volume, unknown>;
const VOLUMES = [...FILE_ASPECTS, ...DATABASE_ASPECTS, ...KEY_VALUE_ASPECTS, ...STORAGE_ASPECTS];

interface Manner extends Pick<Way, 'stack' | 'install' | 'vault'> {
  /** A second backup after changes; what is restored is the older one. */
  readonly twice?: boolean;
  /** The method stops and starts whoever uses the volume. */
  readonly stopsItself?: boolean;
}

/** A volume, by whom it is used, and how that makes it another one. */
interface Store {
  readonly volume: () => Promise<Volume>;
  readonly service: string;
  readonly change: () => Promise<unknown>;
  /** A copy of it is of use though its service went on writing. */
  readonly live: boolean;
}

const CHANGE = 'after-the-first-backup';

const storesOf = ({ shop, store }: Given) =>
  ({
    files: {
      volume: () => shop.files(),
      service: ledger.filesService,
      change: () => shop.http('PUT', `/files/${CHANGE}`, randomBytes(1 << 20)),
      live: true,
    },
    database: {
      volume: () => shop.databaseVolume(),
      service: shop.database.service,
      change: () => shop.write(CHANGE),
      live: false,
    },
    keys: {
      volume: () => store.volume(),
      service: store.service,
      change: () => store.write(CHANGE),
      live: false,
    },
  }) satisfies Record<string, Store>;

const volumesBy = (variant: string, method: VolumeMethod, manner: Manner = {}): Way => {
  const kept = (part: keyof ReturnType<typeof storesOf>) => (given: Given) =>
    keepStore(given, storesOf(given)[part], method, manner);
  return {
    variant,
    subject: { of: 'volumes', aspects: VOLUMES, method },
    data: async ({ shop, store }) => [await shop.files(), await shop.databaseVolume(), await store.volume()],
    ...manner,
    keep: { files: kept('files'), database: kept('database'), keys: kept('keys') },
  };
};

async function keepStore(given: Given, store: Store, method: VolumeMethod, manner: Manner) {
  const older = await keepOnce(given, store, method, manner);
  if (manner.twice) {
    await store.change();
    await keepOnce(given, store, { ...method, name: `${method.name}, after changes` }, manner);
  }
  return older;
}

async function keepOnce(
  { swarm, vault }: Given,
  { volume, service, live }: Store,
  method: VolumeMethod,
  { stopsItself = false }: Manner,
) {
  const place = await volume();
  const keep = () => vault.keep(method, place);
  if (live && !stopsItself) return keep();
  const before = await swarm.taskContainer(service);
  const kept = await (stopsItself ? keep() : withServicesStopped(swarm, [service], keep));
  await swarm.converged();
  if ((await swarm.taskContainer(service)).id === before.id)
    throw new DrillError(`${method.name} left ${service} running while it copied ${place.name}`, {
      code: 'not-stopped',
      blame: 'finding',
      hint: 'what it copied is not of one moment: see how the method finds whom to stop',
    });
  return kept;
}

/** Without it the companion stops nobody. */
const STOP_FOR_COMPANION = { 'docker-volume-backup.stop-during-backup': 'true' };
/** All three volumes are the plugin's. */
const BY_PLUGIN = { stack: { driver: SNAPSHOT_DRIVER }, install: installVolumePlugin };

// Postgres: the rows and roles by means of its own.

const postgresBy = (
  variant: string,
  method: Subject['method'],
  { requires = [], ...more }: Omit<Way, 'variant' | 'subject'> & Pick<Subject, 'requires'>,
): Way => ({
  variant,
  subject: { of: 'Postgres', aspects: [...DATABASE_ASPECTS, ...STORAGE_ASPECTS], method, requires },
  data: async ({ shop }) => [await shop.databaseVolume()],
  ...more,
});

const REPLAYED = 'probe-after-the-base';

/** A base backup, a write, a moment to name, a mistake: back comes the write, and not the mistake. */
async function toTheNamedTime({ vault, shop }: Given): Promise<Kept<Volume, unknown>> {
  const base = await vault.keep(methods.postgresPointInTime(), shop.database);
  await shop.write(REPLAYED);
  const to = await shop.database.now();
  await shop.database.asSuperuser((client) => client.query(`UPDATE receipts SET note = 'a mistake'`));
  const wal = await vault.keep(methods.postgresWalArchive(), shop.archive);
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
): Way => ({
  variant,
  subject: {
    of: 'the whole stack',
    aspects: [...DEFINITION_ASPECTS, ...STORAGE_ASPECTS],
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
  const { identity, recipient } = await createAgeIdentity();
  const sealed = await sealSecrets(await readSecretsInTasks(source), recipient);
  const kept = await vault.keep(methods.serviceExport(), source);
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

/**
 * No compose file has the labels of nodes: whoever sets nodes up sets them, as the drill does here, after a look at what there is
 * without them. A remote of the work tree is lost with it, so that what comes back is what lies in the vault.
 */
async function inGit(
  method: Method<Omit<StackSource, 'remote'>, StackTarget, Redeployed>,
  { vault, swarm: source, canary }: Given,
): Promise<Kept<Site, Fresh>> {
  const { identity, recipient } = await createAgeIdentity();
  const sealed = await sealSecrets(await readSecretsInTasks(source), recipient);
  const secrets = { sealed: async () => sealed, identity: async () => identity };
  await using repository = await stackRepository(source, canary);
  const stacks = [
    await vault.keep(method, { swarm: source, ...repository.ledger }),
    await vault.keep(method, { swarm: source, ...repository.sessions }),
  ];
  return {
    name: stacks.map(({ name }) => name).join(', '),
    async restoreInto(site) {
      const swarm = await site.startSwarm(topology);
      for (const stack of stacks) await stack.restoreInto({ swarm, secrets });
      const { objects } = await swarm.inventory();
      return {
        swarm,
        labels: { [swarm.nodes[0]?.name ?? '']: { ...ledger.labels, ...sessions.labels } },
        labelsOfMethod: objects['node labels'] ?? {},
      };
    },
  };
}

/** The inventory, where a person set the labels of nodes: what counts for the method is what there was before. */
function beforeHands(check: Check, then: Inventory, labelsOfMethod: Objects): Check {
  const labels = labelByLabel(then.objects['node labels'] ?? {});
  const compared = Object.keys(labels).length;
  const mismatched = differencesBetween('node labels', labels, labelByLabel(labelsOfMethod)).length;
  const seen = { aspect: 'node labels', compared, mismatched } as const;
  return {
    ...check,
    look: async () => {
      const observed = await check.look();
      if (!('aspects' in observed)) return observed;
      const others = (observed.aspects ?? []).filter(({ aspect }) => aspect !== seen.aspect);
      const detail = `${mismatched} of ${compared} labels of nodes did not come back, and were set by hand`;
      return { ...observed, aspects: [...others, seen], detail };
    },
  };
}

const labelByLabel = (byNode: Objects): Objects =>
  Object.fromEntries(
    Object.entries(byNode).flatMap(([node, labels]) =>
      Object.entries(labels as Readonly<Record<string, string>>).map(([name, value]) => [
        `${name} of ${node}`,
        value,
      ]),
    ),
  );

const ways: readonly Way[] = [
  volumesBy('volume-archive', methods.volumeArchive()),
  volumesBy('docker-cp', methods.dockerCp()),
  volumesBy('docker-cp-stopped', methods.dockerCp({ whileStopped: true }), { stopsItself: true }),
  volumesBy('rsync-a', methods.rsync(), { twice: true }),
  volumesBy('rsync-full', methods.rsync({ preserve: 'all' }), { twice: true }),
  volumesBy('companion', methods.volumeCompanion(), {
    stopsItself: true,
    stack: { labels: STOP_FOR_COMPANION },
  }),
  volumesBy('restic', methods.restic(), { twice: true }),
  volumesBy('restic-s3', methods.restic({ via: 's3' }), { twice: true, vault: { objectStore: true } }),
  volumesBy('borg', methods.borg(), { twice: true }),
  volumesBy('volume-plugin', methods.volumePlugin(), BY_PLUGIN),
  volumesBy('volume-plugin-stopped', methods.volumePlugin({ whileStopped: true }), {
    ...BY_PLUGIN,
    stopsItself: true,
  }),
  postgresBy('pg-dump', methods.postgresDump(), { keep: {} }),
  postgresBy('pg-basebackup', methods.postgresBaseBackup(), {
    keep: { database: ({ vault, shop }) => vault.keep(methods.postgresBaseBackup(), shop.database) },
  }),
  postgresBy('pg-point-in-time', methods.postgresPointInTime(), {
    archive: true,
    requires: [methods.postgresWalArchive()],
    keep: { database: toTheNamedTime },
    ownChecks: (shop) => [replayed(shop)],
  }),
  valkeyBy('valkey-rdb', methods.valkeyRdb()),
  valkeyBy('valkey-aof', methods.valkeyAof()),
  definitionBy('swarm-state', methods.swarmState(), usual.definition),
  definitionBy('swarm-state-hot', methods.swarmState({ hot: true }), ({ vault, swarm }) =>
    stateBy(methods.swarmState({ hot: true }), vault, swarm),
  ),
  definitionBy('service-export', methods.serviceExport(), exported),
  definitionBy('git-stack', methods.gitStack(), (given) => inGit(methods.gitStack(), given)),
  definitionBy('git-stack-at-vault', methods.gitStack({ remote: 'vault' }), (given) =>
    inGit(methods.gitStack({ remote: 'vault' }), given),
  ),
];

const topology = { managers: 1, workers: 0 };

for (const {
  variant,
  subject,
  keep,
  archive = false,
  stack,
  vault: vaultOptions,
  install,
  data,
  ownChecks,
} of ways)
  drill(`${subject.of} by ${subject.method.name}: everything is lost, and comes back`, {
    variant,
    subject,
    topology,
    vault: vaultOptions,
    objectives: { rto: minutes(2), rpo: minutes(5) },

    async seed({ swarm, seed, size }) {
      for (const node of swarm.nodes) await install?.(node);
      const shop = await ledger.deploy(swarm, { seed, size, archive, ...stack });
      const store = await sessions.deploy(swarm, { seed, size, ...stack });
      const canary = `canary-${randomBytes(12).toString('hex')}`;
      await shop.http('PUT', '/files/canary', Buffer.from(canary));
      return { app: shop, shop, store, canary, canaries: [canary] };
    },

    async baseline({ swarm, seeded: { shop, store } }) {
      return {
        mounted: await baselines.mountedFiles(swarm),
        contents: await shop.contents(),
        keys: await store.contents(),
      };
    },

    baselineTiming: data && (async ({ seeded }) => measurePackAndUnpack(await data(seeded))),

    async backup({ swarm, vault, seeded: { shop, store, canary } }) {
      const given = { swarm, vault, shop, store, canary };
      const definition = await (keep.definition ?? usual.definition)(given);
      const rows = keep.database
        ? { database: await keep.database(given) }
        : { dump: await (keep.dump ?? usual.dump)(given) };
      const keys = await (keep.keys ?? usual.keys)(given);
      return { definition, ...rows, keys, files: await (keep.files ?? usual.files)(given) };
    },

    drift: ({ write }) => write(5),
    disaster: ({ swarm }) => disasters.destroyAllNodes(swarm),

    async restore({ site, kept }) {
      const { swarm, labels, labelsOfMethod } = await kept.definition.restoreInto(site);
      for (const node of swarm.nodes) await install?.(node);
      await kept.keys.restoreInto(await evictAndEmptyVolume(sessions.place(swarm, labels)));
      const shop = await ledger.restoreInto(swarm, kept, labels);
      return { swarm, shop, store: new Sessions(swarm), app: shop, labelsOfMethod };
    },

    verify: ({ restored: { swarm, shop, store, labelsOfMethod }, baseline }) => {
      const { loses } = subject.method;
      const inventory = checks.inventoryMatches(swarm, baseline.inventory, { loses });
      return [
        checks.managersReachable(swarm, topology.managers),
        checks.tasksRunning(swarm),
        labelsOfMethod ? beforeHands(inventory, baseline.inventory, labelsOfMethod) : inventory,
        checks.mountedFilesMatch(swarm, baseline.mounted),
        ...shop.checks(baseline.contents, { loses }),
        ...store.checks(baseline.keys),
        ...(ownChecks?.(shop) ?? []),
      ];
    },
  });
