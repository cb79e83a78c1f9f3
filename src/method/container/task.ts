// The running container of a service, for methods that run programs of the server's image in it.
import { randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { isNotFound } from '../../lab/engine/errors.ts';
import { sendInput, type ExecOptions, type ContainerProcess } from '../../lab/engine/process.ts';
import { seconds } from '../../support/clock.ts';
import { commandReason } from '../../support/command-reason.ts';
import { DrillError, finding } from '../../support/errors.ts';
import { waitUntil } from '../../support/poll.ts';
import { withSignal } from '../../support/trace.ts';
import type { Node } from '../../swarm/node/node.ts';
import type { Swarm } from '../../swarm/swarm.ts';

export interface ServiceRef {
  readonly swarm: Swarm;
  /** Full name: stacks prefix names. */
  readonly service: string;
}

export interface ServiceTask {
  readonly node: Node;
  /** Id of its container. */
  readonly id: string;
  readonly service: string;
}

/** Finds the service's running container. @throws DrillError `not-running`, a finding */
export async function findTask({ swarm, service }: ServiceRef): Promise<ServiceTask> {
  const { node, id } = await swarm.taskContainer(service).catch((cause: unknown) => {
    if (cause instanceof DrillError && cause.code === 'no-task')
      throw finding(`service ${service}: no running container to back up from`, {
        code: 'not-running',
        hint: `Run "docker service ps ${service}" to see why.`,
        cause,
      });
    throw cause;
  });
  return { node, id, service };
}

export interface TaskExecOptions<T> extends ExecOptions {
  /** Consumes its standard output. Default: returns it as text. */
  readonly read?: (stdout: Readable) => Promise<T>;
  readonly code: string;
}

export interface TaskOutput<T> {
  readonly output: T;
  readonly stderr: string;
}

/**
 * Runs a program in the service's container to its end. When that is interrupted, kills the program there, too.
 * @throws DrillError with `code` and the program's output when it fails; `interrupted` when the container ended first; what broke
 * `input`, or what `read` throws
 */
export async function execInTask<T = string>(
  task: ServiceTask,
  argv: readonly string[],
  { read, input, code, env = [], ...options }: TaskExecOptions<T>,
): Promise<TaskOutput<T>> {
  const program = argv[0] ?? '';
  const mark = `SWARM_DRILL_PROGRAM=${randomUUID()}`;
  let running: ContainerProcess | undefined;
  try {
    running = await task.node.engine.containers.startProcess(task.id, argv, {
      ...options,
      env: [...env, mark],
    });
    const taking = (read ?? text) as (stdout: Readable) => Promise<T>;
    const [output] = await Promise.all([taking(running.io), sendInput(running, input)]);
    const exitCode = await running.exitCode();
    if (exitCode === 0) return { output, stderr: running.stderr() };
    throw finding(commandReason(program, exitCode, running.stderr()), {
      code,
      command: argv.join(' '),
      node: task.node.name,
      output: running.stderr(),
    });
  } catch (cause) {
    if (!(await killAndSeeIfEnded(task, mark))) throw cause;
    throw finding(`${program}: interrupted, the container of ${task.service} ended`, {
      code: 'interrupted',
      node: task.node.name,
      output: running?.stderr() ?? '',
      cause,
    });
  } finally {
    running?.io.destroy();
  }
}

const CLEAN_UP_MS = 30_000;

/** Kills what is left of a program that failed, also when the drill is being stopped. Returns whether its container ended, too. */
const killAndSeeIfEnded = (task: ServiceTask, mark: string): Promise<boolean> =>
  withSignal(AbortSignal.timeout(CLEAN_UP_MS), async () => {
    await killMarked(task, mark);
    return hasEnded(task);
  });

/**
 * Kills every process with the mark in its environment: the program and those that it started. An engine leaves a program running
 * when its connection is closed, and has no call to end one.
 */
async function killMarked({ node }: ServiceTask, mark: string): Promise<void> {
  const script = 'grep -lsF "$0" /proc/[0-9]*/environ | cut -d / -f 3 | xargs -r kill';
  // Best effort: a process may end first, and a cleanup failure must not mask the result.
  await node.exec(['sh', '-c', script, mark]).catch(() => undefined);
}

/** The engine notices the end of a container a moment after the end of the programs in it. */
const NOTICE_LIMIT = seconds(1);

/** Returns whether the container has ended; false when the engine does not answer. */
const hasEnded = ({ node, id, service }: ServiceTask): Promise<boolean> =>
  waitUntil(
    `the end of the container of ${service}`,
    async () => {
      const runs = await node.engine.containers.inspect(id).then(
        ({ State }) => State.Running,
        (error: unknown) => !isNotFound(error),
      );
      return runs ? { notYet: 'it is running' } : { done: true };
    },
    { limit: NOTICE_LIMIT },
  ).catch(() => false);
