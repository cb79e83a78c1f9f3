// Chooses the engine that drills run on: the named one, else one that answers on this machine, else an embedded lab.
import { existsSync, readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Engine } from './engine/engine.ts';
import { DrillError, reasonOf } from '../support/errors.ts';
import { embeddedObstacle, openEmbedded } from './embedded.ts';
import { connect, unreachableReason } from './engine/connect.ts';
import type { Lab, LabOptions } from './lab.ts';
import { prepare } from './prepare.ts';
import { sweep } from './sweep.ts';

/** @throws DrillError `no-engine` (what was tried, what to do); `no-image` */
export async function openLab(options: LabOptions): Promise<Lab> {
  const named = options.engine ?? process.env['DOCKER_HOST'];
  if (named) {
    const reason = await unreachableReason(connect(named));
    if (reason === undefined) return openEngine(named, options);
    throw new DrillError(`the engine at ${named} does not answer: ${reason}`, {
      code: 'no-engine',
      hint: 'Start it, correct --engine or DOCKER_HOST, or omit both to use an engine that is found.',
    });
  }
  const { host, tried } = await findEngine();
  if (host) return openEngine(host, options);
  const obstacle = embeddedObstacle();
  if (obstacle === undefined) return openEmbedded(options);
  throw new DrillError(`no Docker engine to drill on: ${tried.join('; ')}; the embedded lab: ${obstacle}`, {
    code: 'no-engine',
    hint: 'Start Docker, name an engine with --engine, or run as root on Debian or Ubuntu for the embedded lab.',
  });
}

/** Returns the first local engine that answers, and which were tried. */
export async function findEngine(): Promise<{ host: string | undefined; tried: string[] }> {
  const tried: string[] = [];
  for (const host of candidates()) {
    const reason = await reasonAgainst(host);
    if (reason === undefined) return { host, tried };
    tried.push(`${host}: ${reason}`);
  }
  return { host: undefined, tried };
}

/** A context may have an endpoint of another form, such as ssh://. */
async function reasonAgainst(host: string): Promise<string | undefined> {
  try {
    return await unreachableReason(connect(host));
  } catch (error) {
    return reasonOf(error);
  }
}

function candidates(): string[] {
  const sockets = ['/var/run/docker.sock', join(homedir(), '.docker/run/docker.sock')];
  const runtime = process.env['XDG_RUNTIME_DIR'];
  if (runtime) sockets.push(join(runtime, 'docker.sock'));
  const context = contextHost();
  return [...new Set([...(context ? [context] : []), ...sockets.map((path) => `unix://${path}`)])];
}

/** Returns the endpoint of the Docker CLI's current context, as `docker context use` set it. */
function contextHost(): string | undefined {
  try {
    const config = process.env['DOCKER_CONFIG'] ?? join(homedir(), '.docker');
    const { currentContext } = JSON.parse(readFileSync(join(config, 'config.json'), 'utf8')) as {
      currentContext?: string;
    };
    if (!currentContext || currentContext === 'default') return undefined;
    const id = createHash('sha256').update(currentContext).digest('hex');
    const meta = join(config, 'contexts/meta', id, 'meta.json');
    if (!existsSync(meta)) return undefined;
    return (JSON.parse(readFileSync(meta, 'utf8')) as { Endpoints?: { docker?: { Host?: string } } })
      .Endpoints?.docker?.Host;
  } catch {
    return undefined;
  }
}

async function openEngine(
  host: string,
  { images, engineVersions = [], progress = () => {} }: LabOptions,
): Promise<Lab> {
  const engine = connect(host);
  await sweep(host, { all: false });
  const prepared = await prepare(engine, { workloads: images, engineVersions, prefer: 'registry', progress });
  return {
    host,
    kind: 'engine',
    description: `${await engineName(engine)}; each drill on its own internal network, without a route out`,
    ...prepared,
    async [Symbol.asyncDispose]() {},
  };
}

async function engineName(engine: Engine): Promise<string> {
  const { ServerVersion, OperatingSystem } = await engine.info();
  return `Docker ${ServerVersion} on ${OperatingSystem}`;
}
