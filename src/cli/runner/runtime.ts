// The composition root of a drill's worker: gives the run its site, its vault and the facts about its environment.
import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Engine } from '../../lab/engine/engine.ts';
import { vaultContentsEncrypted } from '../../check/vault/encryption.ts';
import { vaultIsolatedFromSwarm } from '../../check/vault/isolation.ts';
import type { Runtime } from '../../drill/runtime.ts';
import { connect, unreachableReason } from '../../lab/engine/connect.ts';
import { execInContainer } from '../../lab/engine/process.ts';
import { DRILL_LABEL, ROLE_LABEL, RUN_LABEL } from '../../lab/labels.ts';
import type { LabFacts } from '../../lab/lab.ts';
import { findLabelled } from '../../lab/sweep.ts';
import { Vault } from '../../vault/vault.ts';
import { runProgram } from '../../support/command.ts';
import { ROOT, toolVersion } from '../project.ts';
import { Site } from '../../swarm/site.ts';
import { Swarm } from '../../swarm/swarm.ts';

export interface RuntimeOptions {
  readonly lab: LabFacts;
  /** The run's id: part of every object's name and label. */
  readonly run: string;
}

export function createRuntime({ lab, run: id }: RuntimeOptions): Runtime {
  const engine = connect(lab.host);
  const labelsOf = (drill: string): string[] => [`${RUN_LABEL}=${id}`, `${DRILL_LABEL}=${drill}`];
  // The lab's engine outlives the drill; its log of earlier drills is not this one's.
  const logged = lab.log === undefined ? 0 : (statSync(lab.log, { throwIfNoEntry: false })?.size ?? 0);
  let site: Site | undefined;
  let vault: Vault | undefined;
  return {
    async environment() {
      const info = await engine.info();
      return {
        engine: `Docker ${info.ServerVersion} (${lab.kind === 'embedded' ? 'embedded lab' : (lab.address ?? lab.host)})`,
        nodeEngine: await nodeVersion(engine, (await site?.nodeContainers())?.[0]),
        kernel: info.KernelVersion,
        images: [...lab.images, ...(vault?.objectStore ? [vault.objectStore.image] : [])].map(
          ({ role, reference, digest, source }) => ({ role, reference, digest, source }),
        ),
        tool: `${toolVersion()}, Node.js ${process.version}`,
        commit: await commit(),
        lab: lab.description,
      };
    },
    async openSite(drill, scope, engineVersion) {
      site = await Site.open({ lab, run: id, drill, scope, engineVersion });
      return site;
    },
    startSwarm: (ofSite, topology, addressPool) => Swarm.start(ofSite, topology, addressPool),
    async openVault(ofSite, scope, onArtifact, options) {
      vault = await Vault.open(ofSite, scope, onArtifact, options);
      return vault;
    },
    vaultChecks: async (ofVault, swarm, canaries) => [
      await vaultIsolatedFromSwarm(ofVault, swarm),
      vaultContentsEncrypted(ofVault, canaries),
    ],
    leftovers: (drill) => findLabelled(engine, ...labelsOf(drill)),
    async engineLog() {
      const log = lab.log === undefined ? undefined : await readLog(lab.log);
      return log?.subarray(logged).toString('utf8');
    },
    engineUnreachable: () => unreachableReason(engine),
    removeCommand: `node src/cli/start.mjs clean --all${lab.kind === 'embedded' ? '' : ` --engine ${lab.address ?? lab.host}`}`,
    async shellCommand(drill) {
      const { containers } = await findLabelled(engine, ...labelsOf(drill), `${ROLE_LABEL}=manager`);
      return `${dockerCommand(lab)} exec -it ${containers.sort()[0] ?? '<node>'} docker node ls`;
    },
  };
}

/** Returns the command with which a person reaches the lab's engine: the near end of a tunnel is gone when the program has ended. */
function dockerCommand({ host, address = host }: LabFacts): string {
  return URL.canParse(address) ? `docker --host ${address}` : `docker --context ${address}`;
}

const readLog = (path: string): Promise<Buffer | undefined> => readFile(path).catch(() => undefined);

async function nodeVersion(engine: Engine, id: string | undefined): Promise<string> {
  if (id === undefined) return 'unknown';
  return `Docker ${(await execInContainer(engine, id, ['docker', 'version', '--format', '{{.Server.Version}}'])).trim()}`;
}

async function commit(): Promise<string> {
  try {
    const head = await runProgram('git', ['rev-parse', '--short=12', 'HEAD'], { cwd: ROOT });
    const changes = await runProgram('git', ['status', '--porcelain'], { cwd: ROOT });
    return changes ? `${head}-dirty` : head;
  } catch {
    return 'unknown';
  }
}
