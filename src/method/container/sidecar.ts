// Throwaway containers beside a volume, without a network: a program that runs to its end, or a server that nobody else can reach
// and that proves what was put there before the service may start on it.
import { text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { isNotFound } from '../../lab/engine/errors.ts';
import type { Docker } from '../../lab/engine/connect.ts';
import {
  execInContainer,
  startAttached,
  type ExecOptions,
  type ContainerProcess,
} from '../../lab/engine/process.ts';
import type { Seconds } from '../../support/clock.ts';
import { finding } from '../../support/errors.ts';
import type { Answer } from '../../support/poll.ts';
import type { Node } from '../../swarm/node.ts';
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
  return node.docker
    .createContainer({
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
      throw finding(`${node.name} does not have the image ${image}, which the backup was made with`, {
        code: 'no-image',
        node: node.name,
        cause,
      });
    });
}

/** Runs a program to its end. It is up to the caller what its exit code means. */
export async function runSidecar<T = string>(
  node: Node,
  what: SidecarSpec,
  read?: (stdout: Readable) => Promise<T>,
): Promise<SidecarResult<T>> {
  const container = await create(node, what, 'none');
  let running: ContainerProcess | undefined;
  try {
    running = await startAttached(container, what.input);
    running.io.on('error', () => undefined); // told by whoever reads it
    const output = await ((read ?? text) as (stdout: Readable) => Promise<T>)(running.io);
    return { output, exitCode: await running.exitCode(), stderr: running.stderr() };
  } finally {
    // The engine would wait for somebody to read what is left.
    running?.io.destroy();
    await removed(container);
  }
}

/** It is the drill's to lose: whether its removal worked never hides what came of it. */
const removed = (container: Docker.Container): Promise<unknown> =>
  container.remove({ force: true, v: true }).catch(() => undefined);

/** @throws DrillError with `code` and the program's words unless it ended with 0 */
export function outputOrThrow<T>(program: string, node: Node, code: string, ended: SidecarResult<T>): T {
  if (ended.exitCode === 0) return ended.output;
  throw finding(`${program} ended with exit code ${ended.exitCode}`, {
    code,
    node: node.name,
    output: `${typeof ended.output === 'string' ? ended.output : ''}\n${ended.stderr}`,
  });
}

export interface SidecarServer {
  /** Standard output of a program that is run beside the server. @throws DrillError `command-failed` */
  readonly run: (argv: readonly string[], input?: string) => Promise<string>;
  /** Waits; a server that ends meanwhile is a finding with the words of its log. */
  readonly until: <T>(what: string, ask: () => Promise<Answer<T>>) => Promise<T>;
}

export interface SidecarServerOptions extends SidecarSpec {
  /** How it is told to end in good order, e.g. `SIGTERM`. */
  readonly signal: string;
  /** How long each wait may take. */
  readonly limit: Seconds;
  /** Of the findings about it. */
  readonly code: string;
}

/** How long a server may take to write down what it holds. */
const STOP_SECONDS = 120;

/** Starts a server, uses it, and ends it in good order: an exit code other than 0 is a finding, too. */
export async function withSidecarServer<T>(
  node: Node,
  options: SidecarServerOptions,
  use: (server: SidecarServer) => Promise<T>,
): Promise<T> {
  const { code, limit, signal } = options;
  const container = await create(node, options, 'json-file');
  const { id } = container;
  const server: SidecarServer = {
    run: (argv, input = '') => execInContainer(node.docker, id, argv, { input, env: ENGLISH_AND_UTC }),
    until: <A>(what: string, ask: () => Promise<Answer<A>>) =>
      waitForServer(
        { node, id },
        what,
        async () => {
          const { State } = await container.inspect();
          if (!State.Running) return { giveUp: `the server ended with exit code ${State.ExitCode}` };
          return ask();
        },
        { limit, code },
      ),
  };
  try {
    await container.start();
    const used = await use(server);
    await container.stop({ t: STOP_SECONDS, signal });
    const { State } = await container.inspect();
    if (State.ExitCode !== 0)
      throw finding(`the server ended with exit code ${State.ExitCode} when it was told to stop`, {
        code,
        node: node.name,
        output: await readServerLog({ node, id }),
      });
    return used;
  } finally {
    await removed(container);
  }
}
