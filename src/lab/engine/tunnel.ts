// An engine on another machine, behind ssh: its socket is forwarded to one in a private directory here. One connection carries all
// streams, so opening many costs no further logins, and what limits the sessions of a connection does not apply.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { seconds } from '../../support/clock.ts';
import { runProgram } from '../../support/command.ts';
import { lastLine } from '../../support/command-reason.ts';
import { DrillError, reasonOf } from '../../support/errors.ts';
import { waitUntil } from '../../support/poll.ts';
import { connect, unreachableReason } from './connect.ts';

/** Pings in vain through an open tunnel: some, since the engine may be about to start. */
const MOST_REFUSALS = 5;

export interface Tunnel extends AsyncDisposable {
  /** `unix://…`, on this machine. */
  readonly host: string;
}

/**
 * Without questions, since no one may be there to answer; an unknown host key is refused. A connection that is gone without a word is
 * noticed within 30 seconds.
 */
const OPTIONS = [
  ...['BatchMode=yes', 'ConnectTimeout=15', 'ServerAliveInterval=10', 'ServerAliveCountMax=2'],
  ...['ExitOnForwardFailure=yes', 'ControlPath=none'],
].flatMap((option) => ['-o', option]);

/** Where the other machine's docker CLI connects to; rootless engines are not at the usual place. */
const FIND_SOCKET =
  "docker context inspect --format '{{.Endpoints.docker.Host}}' 2>/dev/null || echo unix:///var/run/docker.sock";
/** Ends when its input does, which is when this program does, however it ends. */
const HOLD_OPEN = 'exec cat >/dev/null';

/**
 * Opens a tunnel with the ssh program and its configuration, keys and known hosts.
 * @param url `ssh://[user@]host[:port][/path of the socket]`; without a path, the engine that the docker CLI there uses
 * @throws DrillError `no-engine`
 */
export async function openTunnel(url: URL): Promise<Tunnel> {
  const target = [
    ...(url.username ? ['-l', decodeURIComponent(url.username)] : []),
    ...(url.port ? ['-p', url.port] : []),
    '--',
    url.hostname,
  ];
  const directory = await mkdtemp(join(tmpdir(), 'swarm-drill-ssh-'));
  const socket = join(directory, 'docker.sock');
  try {
    const remote = url.pathname.length > 1 ? decodeURIComponent(url.pathname) : await findSocket(target);
    const forward = ['-T', ...OPTIONS, '-L', `${socket}:${remote}`];
    // In a separate process group: a Ctrl-C of the terminal is for the program, whose drills still need the engine.
    const ssh = spawn('ssh', [...forward, ...target, HOLD_OPEN], {
      stdio: ['pipe', 'ignore', 'pipe'],
      detached: true,
    });
    await untilAnswered(ssh, `unix://${socket}`, remote);
    return { host: `unix://${socket}`, [Symbol.asyncDispose]: () => close(ssh, directory) };
  } catch (cause) {
    await rm(directory, { recursive: true, force: true });
    throw new DrillError(`the engine at ${url.href} does not answer: ${reasonOf(cause)}`, {
      code: 'no-engine',
      hint: `Check that \`ssh ${target.filter((word) => word !== '--').join(' ')} docker version\` works without a question.`,
      cause,
    });
  }
}

async function findSocket(target: readonly string[]): Promise<string> {
  const host = (await runProgram('ssh', ['-T', ...OPTIONS, ...target, FIND_SOCKET])).trim();
  const url = URL.parse(host);
  if (url?.protocol !== 'unix:')
    throw new DrillError(`its docker CLI uses ${host}, which is not a socket on that machine`, {
      code: 'no-socket',
    });
  return decodeURIComponent(url.pathname);
}

async function untilAnswered(ssh: ChildProcess, host: string, remote: string): Promise<void> {
  const failure = new Promise<never>((_, fail) => ssh.once('error', fail));
  const errors = ssh.stderr ? text(ssh.stderr) : Promise.resolve('');
  let refusals = 0;
  const answered = waitUntil(
    'the engine behind ssh',
    async () => {
      if (ssh.exitCode !== null || ssh.signalCode !== null)
        return { giveUp: lastLine(await errors) ?? `ssh ended with exit code ${ssh.exitCode}` };
      const reason = await unreachableReason(connect(host));
      if (reason === undefined) return { done: true };
      // The near end exists as soon as ssh has logged in.
      if (!reason.includes('ENOENT') && ++refusals > MOST_REFUSALS)
        return { giveUp: `nothing answers at ${remote} on that machine: ${reason}` };
      return { notYet: reason };
    },
    { limit: seconds(30) },
  );
  try {
    await Promise.race([answered, failure]);
  } catch (error) {
    ssh.kill('SIGKILL');
    throw error;
  }
}

async function close(ssh: ChildProcess, directory: string): Promise<void> {
  const ended = new Promise((done) => ssh.once('close', done));
  const hasEnded = ssh.exitCode !== null || ssh.signalCode !== null;
  ssh.kill('SIGTERM');
  if (!hasEnded) await ended;
  await rm(directory, { recursive: true, force: true });
}
