// Throwaway containers that mount a volume and have no network: a program that runs to its end, or a server that nothing else can
// connect to, which proves the data in the volume before the service may start on it.
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { isNotFound } from '../../lab/engine/errors.ts';
import { execInContainer, type ContainerProcess, type ExecOptions } from '../../lab/engine/process.ts';
import { seconds, type Seconds } from '../../support/clock.ts';
import { commandReason } from '../../support/command-reason.ts';
import { finding } from '../../support/errors.ts';
import type { Answer } from '../../support/poll.ts';
import type { Node } from '../../swarm/node/node.ts';
import { readServerLog, waitForServer } from './server-log.ts';

export interface SidecarSpec {
  readonly image: string;
  /** User and group, as numbers: `999:999`. */
  readonly user: string;
  readonly argv: readonly string[];
  /** Volume's name to path in the container, with `:ro` where it is only read. */
  readonly volumes: Readonly<Record<string, string>>;
  readonly input?: ExecOptions['input'];
}

export interface SidecarResult<T> {
  readonly output: T;
  readonly exitCode: number;
  readonly stderr: string;
}

const ENGLISH_AND_UTC = ['LC_ALL=C', 'TZ=UTC'];

async function create(node: Node, { image, user, argv, volumes }: SidecarSpec, log: 'none' | 'json-file') {
  return node.engine.containers
    .create({
      Image: image,
      Entrypoint: [...argv],
      Cmd: [],
      User: user,
      WorkingDir: '/tmp',
      OpenStdin: log === 'none',
      StdinOnce: log === 'none',
      Env: ENGLISH_AND_UTC,
      HostConfig: {
        NetworkMode: 'none',
        LogConfig: { Type: log, Config: {} },
        Binds: Object.entries(volumes).map(([name, path]) => `${name}:${path}`),
      },
    })
    .catch((cause: unknown) => {
      if (!isNotFound(cause)) throw cause;
      throw finding(`${node.name}: the image ${image}, which the backup was made with, is missing`, {
        code: 'no-image',
        node: node.name,
        cause,
      });
    });
}

/**
 * Runs a program to its end. The caller decides what its exit code means.
 * @param read consumes its standard output. Default: returns it as text
 */
export async function runSidecar<T = string>(
  node: Node,
  spec: SidecarSpec,
  read?: (stdout: Readable) => Promise<T>,
): Promise<SidecarResult<T>> {
  const container = await create(node, spec, 'none');
  let running: ContainerProcess | undefined;
  try {
    running = await node.engine.containers.startAttached(container, spec.input);
    running.io.on('error', () => undefined); // `read` gets it too.
    const output = await ((read ?? text) as (stdout: Readable) => Promise<T>)(running.io);
    return { output, exitCode: await running.exitCode(), stderr: running.stderr() };
  } finally {
    // The engine would wait until what is left is read.
    running?.io.destroy();
    await remove(node, container);
  }
}

/** Best-effort removal: a cleanup failure must not mask the result. The node of a drill is thrown away anyway. */
const remove = ({ engine }: Node, container: string): Promise<unknown> =>
  engine.containers.remove(container).catch(() => undefined);

/** Returns the output of a program that exited with 0. @throws DrillError with `code` and everything it printed otherwise */
export function outputOrThrow<T>(program: string, node: Node, code: string, result: SidecarResult<T>): T {
  if (result.exitCode === 0) return result.output;
  const printed = `${typeof result.output === 'string' ? result.output : ''}\n${result.stderr}`;
  throw finding(commandReason(program, result.exitCode, printed), { code, node: node.name, output: printed });
}

export interface SidecarServer {
  /** Runs a program in the server's container and returns its standard output. @throws DrillError `command-failed` */
  readonly run: (argv: readonly string[], input?: string) => Promise<string>;
  /** Waits; when the server ends first, throws a finding with the end of its log. */
  readonly until: <T>(what: string, ask: () => Promise<Answer<T>>) => Promise<T>;
}

export interface SidecarServerOptions extends SidecarSpec {
  /** Signal for a clean shutdown, e.g. `SIGTERM`. */
  readonly signal: string;
  /** How long each wait may take. */
  readonly limit: Seconds;
  /** Of the findings about it. */
  readonly code: string;
}

/** How long a server may take to write its data to disk. */
const STOP_LIMIT = seconds(120);

/** Starts a server, passes it to `use`, and shuts it down cleanly: an exit code other than 0 is a finding, too. */
export async function withSidecarServer<T>(
  node: Node,
  options: SidecarServerOptions,
  use: (server: SidecarServer) => Promise<T>,
): Promise<T> {
  const { code, limit, signal } = options;
  const { containers } = node.engine;
  const id = await create(node, options, 'json-file');
  const server: SidecarServer = {
    run: (argv, input = '') => execInContainer(node.engine, id, argv, { input, env: ENGLISH_AND_UTC }),
    until: <A>(what: string, ask: () => Promise<Answer<A>>) =>
      waitForServer(
        { node, id },
        what,
        async () => {
          const { State } = await containers.inspect(id);
          if (!State.Running) return { giveUp: `the server exited with code ${State.ExitCode}` };
          return ask();
        },
        { limit, code },
      ),
  };
  try {
    await containers.start(id);
    const used = await use(server);
    await containers.stop(id, { grace: STOP_LIMIT, signal });
    const { State } = await containers.inspect(id);
    if (State.ExitCode !== 0)
      throw finding(`the server exited with code ${State.ExitCode} when it was stopped`, {
        code,
        node: node.name,
        output: await readServerLog({ node, id }),
      });
    return used;
  } finally {
    await remove(node, id);
  }
}
