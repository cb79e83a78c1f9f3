// The running container of a service, for methods that ask the server itself.
import { randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { isNotFound } from '../../lab/engine/errors.ts';
import {
  sendInput,
  startProcess,
  type ExecOptions,
  type ContainerProcess,
} from '../../lab/engine/process.ts';
import { seconds } from '../../support/clock.ts';
import { DrillError, finding } from '../../support/errors.ts';
import { waitUntil } from '../../support/poll.ts';
import { withSignal } from '../../support/trace.ts';
import type { Node } from '../../swarm/node.ts';
import type { Swarm } from '../../swarm/swarm.ts';

export interface ServiceRef {
  readonly swarm: Swarm;
  /** Its full name: stacks prefix names. */
  readonly service: string;
}

export interface ServiceTask {
  readonly node: Node;
  /** Of its container. */
  readonly id: string;
  readonly service: string;
}

/** @throws DrillError `not-running`, a finding */
export async function findTask({ swarm, service }: ServiceRef): Promise<ServiceTask> {
  const { node, id } = await swarm.taskContainer(service).catch((cause: unknown) => {
    if (cause instanceof DrillError && cause.code === 'no-task')
      throw finding(`the service ${service} does not run, and it is its server that has to be asked`, {
        code: 'not-running',
        hint: `see why with "docker service ps ${service}"`,
        cause,
      });
    throw cause;
  });
  return { node, id, service };
}

export interface TaskExecOptions<T> extends ExecOptions {
  /** What becomes of its standard output; by default its text. */
  readonly read?: (stdout: Readable) => Promise<T>;
  readonly code: string;
}

export interface TaskOutput<T> {
  readonly output: T;
  readonly stderr: string;
}

/**
 * Runs a program in the service's container to its end. One that is given up half-way is ended there, too.
 * @throws DrillError with `code` and the program's words when it fails; `interrupted` when the container ended under it; what broke
 * `input`, or what `take` throws
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
    running = await startProcess(task.node.docker, task.id, argv, { ...options, env: [...env, mark] });
    const taking = (read ?? text) as (stdout: Readable) => Promise<T>;
    const [output] = await Promise.all([taking(running.io), sendInput(running, input)]);
    const exitCode = await running.exitCode();
    if (exitCode === 0) return { output, stderr: running.stderr() };
    throw finding(`${program} ended with exit code ${exitCode}`, {
      code,
      command: argv.join(' '),
      node: task.node.name,
      output: running.stderr(),
    });
  } catch (cause) {
    if (!(await endedUnder(task, mark))) throw cause;
    throw finding(`${program} was interrupted: the container of ${task.service} ended under it`, {
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

/** Ends what is left of a program that failed, also when the drill is being stopped. @returns whether its container ended, too */
const endedUnder = (task: ServiceTask, mark: string): Promise<boolean> =>
  withSignal(AbortSignal.timeout(CLEAN_UP_MS), async () => {
    await endMarked(task, mark);
    return ended(task);
  });

/**
 * An engine lets a program run on when nobody reads from it or feeds it any more, and has no call to end one. Its mark stands in its
 * environment, and in that of every program that it started.
 */
async function endMarked({ node }: ServiceTask, mark: string): Promise<void> {
  const script = 'grep -lsF "$0" /proc/[0-9]*/environ | cut -d / -f 3 | xargs -r kill';
  // One that ends meanwhile can't be ended; and whether it worked never hides what came before.
  await node.exec(['sh', '-c', script, mark]).catch(() => undefined);
}

/** The engine hears of the end of a container a moment after it heard of the programs in it. */
const MOMENT = seconds(1);

/** Whether the engine says that the container is over; an engine that doesn't answer says nothing. */
const ended = ({ node, id, service }: ServiceTask): Promise<boolean> =>
  waitUntil(
    `the end of the container of ${service}`,
    async () => {
      const runs = await node.docker
        .getContainer(id)
        .inspect()
        .then(
          ({ State }) => State.Running,
          (error: unknown) => !isNotFound(error),
        );
      return runs ? { notYet: 'it runs' } : { done: true };
    },
    { limit: MOMENT },
  ).catch(() => false);
