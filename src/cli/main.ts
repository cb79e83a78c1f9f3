// The program: its commands, and the one place where an error becomes words and an exit code.
import { Command, CommanderError } from 'commander';
import { describe, DrillError } from '../support/errors.ts';
import { benchSubcommand } from './commands/bench.ts';
import { cleanSubcommand } from './commands/clean.ts';
import { doctorSubcommand } from './commands/doctor.ts';
import { listSubcommand } from './commands/list.ts';
import { reportSubcommand } from './commands/report.ts';
import { runSubcommand } from './commands/run.ts';
import { swarmSubcommand } from './commands/swarm.ts';
import { testSubcommand } from './commands/test.ts';
import { EXIT } from './exit-codes.ts';
import { readVersion } from './project.ts';

const commands = [
  runSubcommand,
  listSubcommand,
  doctorSubcommand,
  cleanSubcommand,
  reportSubcommand,
  swarmSubcommand,
  testSubcommand,
  benchSubcommand,
];

const examples = `
Examples:
  swarm-drill list                      which drills there are
  swarm-drill run                       every drill, from an empty machine to reports/latest/index.html
  swarm-drill run total-loss --keep     one drill; its swarm stays for looking into it
  swarm-drill doctor                    what this machine can and can't prove
  swarm-drill clean                     remove what a killed run left

Exit codes: 0 recovered, 1 not recovered, 2 inconclusive, 64 wrong usage.`;

exitWithParent();
await main(process.argv.slice(2));
process.exit();

async function main(words: readonly string[]): Promise<void> {
  try {
    await program().parseAsync(words, { from: 'user' });
  } catch (error) {
    process.exitCode = reportError(error);
  }
}

function program(): Command {
  const root = new Command('swarm-drill')
    .description('Restore drills for Docker Swarm: does a backup bring everything back, and how fast?')
    .version(readVersion())
    .addHelpText('after', examples)
    .enablePositionalOptions()
    .exitOverride();
  for (const command of commands) root.addCommand(command);
  configure(root);
  return root;
}

/** A command and those below it: refusals are thrown, and say what would have been right. */
function configure(command: Command): void {
  command.showHelpAfterError(usageHint(command));
  for (const sub of command.commands) configure(sub.copyInheritedSettings(command));
}

/** After every refusal of an argument: what would have been right. */
function usageHint(command: Command): string {
  const words = command.commands.length > 0 ? command.commands.map((sub) => sub.name()) : [];
  const flags = command.options.map((option) => option.long).filter((flag) => flag !== undefined);
  return [
    `usage: ${[command.parent?.name(), command.name(), command.usage()].filter(Boolean).join(' ')}`,
    ...(words.length > 0 ? [`expected a command: ${words.join(', ')}`] : []),
    ...(flags.length > 0 ? [`options: ${flags.join(', ')}`] : []),
  ].join('\n');
}

/** Says what went wrong, where commander has not. @returns the exit code */
function reportError(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage;
  console.error(`swarm-drill: ${describe(error)}`);
  if (!(error instanceof DrillError)) return EXIT.inconclusive;
  return { usage: EXIT.usage, finding: EXIT.finding, harness: EXIT.inconclusive }[error.blame];
}

/** start.mjs holds the other end of the channel: when it is killed, so are we, and with us the embedded lab. */
function exitWithParent(): void {
  if (!process.channel) return;
  process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  process.channel.unref();
}
