// swarm-drill ci: writes what runs drills every night.
import { Argument, Command } from 'commander';
import { usage } from '../../support/errors.ts';
import { detectKinds, writeTemplates } from '../ci/init.ts';
import { CI, CI_KINDS, type CiKind } from '../ci/kinds.ts';

const examples = `
Examples:
  swarm-drill ci init              for the CI system that the project uses
  swarm-drill ci init systemd      a timer and a hardened service, in ci/systemd/`;

export const ciSubcommand = new Command('ci').description('set up runs that start by themselves');

ciSubcommand
  .command('init')
  .description('write a workflow, pipeline, timer or crontab that runs the drills by their tags')
  .addArgument(new Argument('[kind]', 'default: the one that the project uses').choices(CI_KINDS))
  .option('--force', 'replace files that exist with other contents')
  .addHelpText('after', examples)
  .action(async (named: CiKind | undefined, { force = false }: { force?: boolean }) => {
    const kind = named ?? onlyKind(process.cwd());
    for (const path of await writeTemplates(kind, process.cwd(), { force })) console.log(`wrote ${path}`);
    console.log(['', 'Next:', ...CI[kind].next.map((step, index) => `${index + 1}. ${step}`)].join('\n'));
    console.log('\ndocs/nights.md explains the schedule, the caches, the ledger and the exit codes.');
  });

/** @throws DrillError `usage` unless the project shows one kind */
function onlyKind(directory: string): CiKind {
  const [kind, ...others] = detectKinds(directory);
  if (kind && others.length === 0) return kind;
  throw usage(
    kind ? `this project uses ${[kind, ...others].join(' and ')}` : 'this project shows no CI system',
    `Name one: ${CI_KINDS.map((name) => `swarm-drill ci init ${name}`).join(', ')}.`,
  );
}
