// Chooses the engine that drills run on: the named one, else one that answers on this machine, else an embedded lab.
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Engine } from './engine/engine.ts';
import { DrillError, reasonOf } from '../support/errors.ts';
import { embeddedObstacle, openEmbedded } from './embedded.ts';
import { connect, unreachableReason } from './engine/connect.ts';
import { currentContext } from './engine/contexts.ts';
import { openEndpoint } from './engine/endpoint.ts';
import type { Lab, LabOptions } from './lab.ts';
import { prepare } from './prepare.ts';
import { sweep } from './sweep.ts';

/** @throws DrillError `no-engine` (what was tried, what to do); `no-image` */
export async function openLab(options: LabOptions): Promise<Lab> {
  const named = options.engine ?? process.env['DOCKER_HOST'];
  if (named) return openNamed(named, options);
  const { host, tried } = await findEngine();
  if (host) return openNamed(host, options);
  const obstacle = embeddedObstacle();
  if (obstacle === undefined) return openEmbedded(options);
  throw new DrillError(`no Docker engine to drill on: ${tried.join('; ')}; the embedded lab: ${obstacle}`, {
    code: 'no-engine',
    hint: 'Start Docker, name an engine with --engine, or run as root on Debian or Ubuntu for the embedded lab.',
  });
}

/**
 * Opens a lab on each of these engines, or the one that is found where none is named.
 * @throws as `openLab`; those that were opened are closed then
 */
export async function openLabs(
  engines: readonly string[],
  { progress = () => {}, ...options }: Omit<LabOptions, 'engine'>,
): Promise<AsyncDisposable & { readonly labs: readonly Lab[] }> {
  const several = engines.length > 1;
  const named = engines.length > 0 ? [...new Set(engines)] : [undefined];
  await using opened = new AsyncDisposableStack();
  const opening = named.map(async (engine) =>
    opened.use(
      await openLab({
        ...options,
        engine,
        progress: (doing) => progress(several ? `${engine}: ${doing}` : doing),
      }),
    ),
  );
  // Those that are still opening when one fails must be closed, too.
  await Promise.allSettled(opening);
  const labs = await Promise.all(opening);
  const held = opened.move();
  return { labs, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

async function openNamed(address: string, options: LabOptions): Promise<Lab> {
  await using opened = new AsyncDisposableStack();
  const { host } = opened.use(await openEndpoint(address));
  const reason = await unreachableReason(connect(host));
  if (reason !== undefined)
    throw new DrillError(`the engine at ${address} does not answer: ${reason}`, {
      code: 'no-engine',
      hint: 'Start it, correct --engine or DOCKER_HOST, or omit both to use an engine that is found.',
    });
  const lab = await openEngine(host, options);
  const held = opened.move();
  return { ...lab, address, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

/** Returns the first engine that answers: an address or the name of a docker context; and which were tried. */
export async function findEngine(): Promise<{ host: string | undefined; tried: string[] }> {
  const tried: string[] = [];
  for (const host of candidates()) {
    const reason = await reasonAgainst(host);
    if (reason === undefined) return { host, tried };
    tried.push(`${host}: ${reason}`);
  }
  return { host: undefined, tried };
}

async function reasonAgainst(address: string): Promise<string | undefined> {
  try {
    await using endpoint = await openEndpoint(address);
    return await unreachableReason(connect(endpoint.host));
  } catch (error) {
    return reasonOf(error);
  }
}

function candidates(): string[] {
  const sockets = ['/var/run/docker.sock', join(homedir(), '.docker/run/docker.sock')];
  const runtime = process.env['XDG_RUNTIME_DIR'];
  if (runtime) sockets.push(join(runtime, 'docker.sock'));
  const context = currentContext();
  return [...new Set([...(context ? [context] : []), ...sockets.map((path) => `unix://${path}`)])];
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
