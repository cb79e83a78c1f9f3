// One line that says why a command failed.

/** Returns the last line that is not blank; undefined when there is none. */
export const lastLine = (output: string): string | undefined =>
  output.trimEnd().split('\n').at(-1)?.trim() || undefined;

/**
 * Returns `command: <the tool's last line>`, or its exit code when it printed nothing or was ended by a signal.
 * @param command program and subcommand, e.g. `docker stack deploy`
 */
export function commandReason(command: string, exitCode: number, output: string): string {
  const [program = ''] = command.split(' ');
  const line = exitCode > 128 ? undefined : lastLine(output)?.replace(`${program}: `, '');
  return `${command}: ${line ?? `exit code ${exitCode}`}`;
}
