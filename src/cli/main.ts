// The program: its commands, and the one place that turns an error into a message and an exit code.
import { Command, CommanderError } from 'commander';
import { describeError } from '../support/errors.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { readVersion } from './project.ts';

/** By name. Only the module of the command that is used is loaded: a monitor that calls `status` must not wait for what runs drills. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import('./commands/run.ts')).runSubcommand,
  list: async () => (await import('./commands/list.ts')).listSubcommand,
  doctor: async () => (await import('./commands/doctor.ts')).doctorSubcommand,
  clean: async () => (await import('./commands/clean.ts')).cleanSubcommand,
  report: async () => (await import('./commands/report.ts')).reportSubcommand,
  attest: async () => (await import('./commands/evidence/attest.ts')).attestSubcommand,
  keys: async () => (await import('./commands/evidence/keys.ts')).keysSubcommand,
  history: async () => (await import('./commands/history.ts')).historySubcommand,
  status: async () => (await import('./commands/status.ts')).statusSubcommand,
  verify: async () => (await import('./commands/evidence/verify.ts')).verifySubcommand,
  notify: async () => (await import('./commands/notify.ts')).notifySubcommand,
  ci: async () => (await import('./commands/ci.ts')).ciSubcommand,
  export: async () => (await import('./commands/evidence/export.ts')).exportSubcommand,
  swarm: async () => (await import('./commands/swarm/swarm.ts')).swarmSubcommand,
  test: async () => (await import('./commands/test.ts')).testSubcommand,
  bench: async () => (await import('./commands/bench.ts')).benchSubcommand,
};

const examples = `
Examples:
  swarm-drill list                      list the drills
  swarm-drill run                       run every drill and write reports/latest/index.html
  swarm-drill run total-loss --keep     run one drill and keep its swarm for inspection
  swarm-drill doctor                    check what this machine can run
  swarm-drill clean                     remove leftovers of finished runs

Exit codes: 0 recovered, 1 not recovered, 2 inconclusive, 64 usage error.`;

exitWithParent();
await main(process.argv.slice(2));
process.exit();

async function main(args: readonly string[]): Promise<void> {
  try {
    const program = await createProgram(args[0] ?? '');
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    process.exitCode = reportError(error);
  }
}

/** @param used the command that is loaded; any other text loads all of them, to list them */
async function createProgram(used: string): Promise<Command> {
  const load = Object.hasOwn(COMMANDS, used) ? COMMANDS[used] : undefined;
  const commands = await Promise.all((load ? [load] : Object.values(COMMANDS)).map((command) => command()));
  const root = new Command('swarm-drill')
    .description(
      'Restore drills for Docker Swarm: proves that a backup restores everything, and measures how long that takes.',
    )
    .version(readVersion())
    .addHelpText('after', examples)
    .enablePositionalOptions()
    .exitOverride();
  for (const command of commands) root.addCommand(command);
  configure(root);
  return root;
}

/** Makes a command and its subcommands throw usage errors, with a hint about what is valid. */
function configure(command: Command): void {
  command.showHelpAfterError(usageHint(command));
  for (const subcommand of command.commands) configure(subcommand.copyInheritedSettings(command));
}

/** Returns what is valid, to print after a usage error. */
function usageHint(command: Command): string {
  const names = command.commands.map((subcommand) => subcommand.name());
  const flags = command.options.map((option) => option.long).filter((flag) => flag !== undefined);
  return [
    `usage: ${[command.parent?.name(), command.name(), command.usage()].filter(Boolean).join(' ')}`,
    ...(names.length > 0 ? [`expected a command: ${names.join(', ')}`] : []),
    ...(flags.length > 0 ? [`options: ${flags.join(', ')}`] : []),
  ].join('\n');
}

/** Prints what went wrong, unless commander already has. @returns the exit code */
function reportError(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage;
  console.error(`swarm-drill: ${describeError(error)}`);
  return exitCodeOf(error);
}

/** Exits when start.mjs, at the other end of the channel, is killed: the embedded lab must end with it. */
function exitWithParent(): void {
  if (!process.channel) return;
  process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  process.channel.unref();
}
