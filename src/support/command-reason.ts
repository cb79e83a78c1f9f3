// One line that says why a command failed: program, subcommand and the line of its output that gives the reason.
import { basename } from 'node:path';

/** Programs with subcommands, and their options before the subcommand that take a value. */
const SUBCOMMAND_PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  docker: ['--host', '-H', '--context', '-c', '--config', '--log-level', '-l'],
  git: ['-C', '-c', '--git-dir', '--work-tree'],
  restic: ['--repo', '-r', '--password-file', '-p', '--cache-dir', '--option', '-o'],
  borg: [],
  npm: [],
  'apt-get': ['-o'],
};

/** Subcommands of docker that have subcommands themselves. */
const DOCKER_GROUPS = new Set(
  'builder config container context image manifest network node plugin secret service stack swarm system volume'.split(
    ' ',
  ),
);

/** Returns program and subcommand, without options and arguments: `docker stack deploy`, `git fetch`, `tar`. */
export function commandName(argv: readonly string[]): string {
  const program = basename(argv[0] ?? '');
  const valued = SUBCOMMAND_PROGRAMS[program];
  if (!valued) return program;
  const words = argv.slice(1).filter((word, at) => !word.startsWith('-') && !valued.includes(argv[at] ?? ''));
  const count = program === 'docker' && DOCKER_GROUPS.has(words[0] ?? '') ? 2 : 1;
  return [program, ...words.slice(0, count)].join(' ');
}

/** Lines that tools print after the reason, and that don't give one. */
const AFTER_THE_REASON = [
  /^tar: (Exiting with failure status|Error is not recoverable|Error exit delayed)/,
  /^rsync error: .*\(see previous errors\)/,
  // psql: where in the statement, and the lines that follow an error.
  /^(LINE \d+:|DETAIL:|HINT:|CONTEXT:|STATEMENT:)/,
  // A pointer into the line above: psql, Python.
  /^[~^]+$/,
];
/** The first line of help that follows an error. */
const HELP = /^(See '|Run '|Usage:|Try ')/i;

/** Returns the last line that gives a reason, else the last that is not blank; undefined when there is none. */
export function lastLine(output: string): string | undefined {
  const all = output
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  const help = all.findIndex((line) => HELP.test(line));
  const lines = help > 0 ? all.slice(0, help) : all;
  return lines.findLast((line) => !AFTER_THE_REASON.some((pattern) => pattern.test(line))) ?? lines.at(-1);
}

/**
 * Returns `command: <the tool's last line>`, or its exit code when it printed nothing or was ended by a signal.
 * @param command program and subcommand, e.g. `docker stack deploy`
 */
export function commandReason(command: string, exitCode: number, output: string): string {
  const [program = ''] = command.split(' ');
  const line = isSignal(exitCode) ? undefined : lastLine(output)?.replace(`${program}: `, '');
  return `${command}: ${line ?? `exit code ${exitCode}`}`;
}

/** Whether a program with this exit code was ended by a signal. Codes above are a tool's own, like 255 of ssh. */
const isSignal = (exitCode: number): boolean => exitCode > 128 && exitCode <= 128 + 64;
