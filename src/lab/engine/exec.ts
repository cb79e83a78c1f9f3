// Programs that are started in a running container (`docker exec`).
import type Docker from 'dockerode';
import { commandName } from '../../support/command-reason.ts';
import { labFailure } from '../../support/errors.ts';
import { waitUntil } from '../../support/poll.ts';
import { NOT_STARTED } from './errors.ts';
import { FrameStream } from './frames.ts';
import { processOn, type ContainerProcess, type ExecOptions } from './process.ts';

/** The engine's own exit code for a program that it could not start. A shell has it, too, for a file that can't be executed. */
const NOT_STARTED_EXIT_CODE = 126;

/** See `Engine.containers`. */
export async function startProcess(
  docker: Docker,
  container: string,
  argv: readonly string[],
  { user, env }: Omit<ExecOptions, 'input'> = {},
): Promise<ContainerProcess> {
  const exec = await docker.getContainer(container).exec({
    Cmd: [...argv],
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    ...(user === undefined ? {} : { User: user }),
    ...(env === undefined ? {} : { Env: [...env] }),
  });
  const io = new FrameStream(await exec.start({ hijack: true, stdin: true }));
  return processOn(io, {
    hasEnded: async () => {
      const { Running, ExitCode } = await exec.inspect();
      return !Running && ExitCode !== null;
    },
    async exitCode() {
      const { ExitCode, Pid } = await endOf(exec, io, argv);
      // For a program that is missing, the engine prints so.
      if (ExitCode === NOT_STARTED_EXIT_CODE && Pid === 0 && !io.hasOutput)
        throw labFailure(
          `${commandName(argv)}: the engine did not start it (exit code ${ExitCode}, no process)`,
          {
            code: NOT_STARTED,
            command: argv.join(' ').slice(0, 500),
            node: container,
            hint: "See the log of the lab's engine in the report's directory.",
          },
        );
      return ExitCode;
    },
  });
}

/** The engine learns of the end a moment after the last of the output was read. */
const endOf = (
  exec: Docker.Exec,
  io: FrameStream,
  argv: readonly string[],
): Promise<{ readonly ExitCode: number; readonly Pid: number }> =>
  waitUntil(`the end of ${argv[0]}`, async () => {
    const { Running, ExitCode, Pid } = await exec.inspect();
    if (Running || ExitCode === null) return { notYet: 'it still runs' };
    // The end of its output may have been lost with the connection.
    if (ExitCode === 0 && io.stdinClosed) return { giveUp: 'it ended before it had read its input' };
    return { done: { ExitCode, Pid } };
  });
