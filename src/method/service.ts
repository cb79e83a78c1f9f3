// The running container of a service, for methods that ask the server itself; and where in which volume its files lie.
import { text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { feed, start, type ExecOptions, type Running } from '../lab/engine.ts';
import { DrillError, finding } from '../support/errors.ts';
import type { Node } from '../swarm/node.ts';
import type { Swarm } from '../swarm/swarm.ts';

export interface Service {
  readonly swarm: Swarm;
  /** Its full name: stacks prefix names. */
  readonly service: string;
}

export interface Task {
  readonly node: Node;
  /** Of its container. */
  readonly id: string;
  readonly service: string;
}

/** A directory of a service, as a restore must make it again. Part of a claim. */
export type Place = Readonly<Record<'image' | 'volume' | 'labels' | 'path' | 'owner' | 'mode', string>>;

/** @throws DrillError `not-running`, a finding */
export async function taskOf({ swarm, service }: Service): Promise<Task> {
  const { node, id } = await swarm.taskContainer(service).catch((cause: unknown) => {
    if (cause instanceof DrillError && cause.code === 'no-task')
      throw finding(`the service ${service} does not run, and its server is what makes the backup`, {
        code: 'not-running',
        hint: `see why with "docker service ps ${service}"`,
        cause,
      });
    throw cause;
  });
  return { node, id, service };
}

export interface WithinOptions<T> extends ExecOptions {
  /** What becomes of its standard output; by default its text. */
  readonly take?: (stdout: Readable) => Promise<T>;
  readonly code: string;
}

export interface Taken<T> {
  readonly taken: T;
  readonly stderr: string;
}

/**
 * Runs a program in the service's container to its end.
 * @throws DrillError with `code` and the program's words when it fails; `interrupted` when the container ended under it
 */
export async function within<T = string>(
  task: Task,
  argv: readonly string[],
  { take, input, code, ...options }: WithinOptions<T>,
): Promise<Taken<T>> {
  const program = argv[0] ?? '';
  let running: Running | undefined;
  try {
    running = await start(task.node.docker, task.id, argv, options);
    running.io.on('error', () => undefined); // told by whoever reads it
    const fed = feed(running, input);
    const taken = await ((take ?? text) as (stdout: Readable) => Promise<T>)(running.io);
    await fed;
    const exitCode = await running.exitCode();
    if (exitCode === 0) return { taken, stderr: running.stderr() };
    throw finding(`${program} ended with exit code ${exitCode}`, {
      code,
      command: argv.join(' '),
      node: task.node.name,
      output: running.stderr(),
    });
  } catch (cause) {
    if (!(await ended(task))) throw cause;
    throw finding(`${program} was interrupted: the container of ${task.service} ended under it`, {
      code: 'interrupted',
      node: task.node.name,
      output: running?.stderr() ?? '',
      cause,
    });
  } finally {
    // A program whose output nobody takes would wait for ever, and a server with it.
    running?.io.destroy();
  }
}

/** Whether the engine says that the container is over; an engine that doesn't answer says nothing. */
async function ended({ node, id }: Task): Promise<boolean> {
  try {
    return !(await node.docker.getContainer(id).inspect()).State.Running;
  } catch (error) {
    return (error as { statusCode?: number }).statusCode === 404;
  }
}

/** The volume that `directory` of the service's container lies in. @throws DrillError `no-volume` when it lies in none */
export async function placeOf(task: Task, directory: string): Promise<Place> {
  const { Mounts, Config } = await task.node.docker.getContainer(task.id).inspect();
  const [mount] = Mounts.filter(
    ({ Type, Destination }) => Type === 'volume' && `${directory}/`.startsWith(`${Destination}/`),
  ).sort((a, b) => b.Destination.length - a.Destination.length);
  if (!mount?.Name)
    throw finding(`${directory} of ${task.service} lies in no volume`, {
      code: 'no-volume',
      node: task.node.name,
      hint: `what is mounted there: ${Mounts.map(({ Type, Destination }) => `${Type} at ${Destination}`).join(', ') || 'nothing'}`,
    });
  const { Labels } = await task.node.docker.getVolume(mount.Name).inspect();
  const { taken } = await within(task, ['stat', '-c', '%u:%g %a', directory], { code: 'no-directory' });
  const [owner = '', mode = ''] = taken.trim().split(' ');
  return {
    image: Config.Image,
    volume: mount.Name,
    labels: JSON.stringify(Labels ?? {}),
    path: directory.slice(mount.Destination.length + 1),
    owner,
    mode,
  };
}
