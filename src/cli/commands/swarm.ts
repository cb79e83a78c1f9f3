// swarm-drill swarm: the state of a real swarm as one encrypted file, and back. Docker has no such commands.
import { Command } from 'commander';
import type { OpeningOptions, SealingOptions } from '../../swarm-backup/file/keys.ts';
import { jsonOption, parseDescriptor } from './options.ts';
import { managerOptions, type ManagerOptions, withManager } from './swarm-manager.ts';
import { renderBackup, renderRestore } from '../terminal/swarm-outcome.ts';
import { runCommand } from '../terminal/command-outcome.ts';
import { toolVersion } from '../project.ts';

interface Common extends ManagerOptions {
  readonly unlockKeyFile?: string;
  readonly json?: boolean;
}
interface BackupOptions extends Common, SealingOptions {
  readonly output: string;
  readonly overwrite?: boolean;
}
interface RestoreOptions extends Common, OpeningOptions {
  readonly input: string;
  readonly yes?: boolean;
  readonly again?: boolean;
}

const exits = `
Exit codes: 0 done, 1 it can't be done with this swarm or this file, 2 the machine or the engine failed, 64 wrong usage.`;

const backupExamples = `
Examples:
  swarm-drill swarm backup --output /mnt/off-site/swarm.age --recipient age1…
  pass show swarm | swarm-drill swarm backup --output swarm.age --passphrase-fd 0
  swarm-drill swarm backup --output swarm.age --recipient-file keys.txt --node swarm-drill-…-manager-1-1
${exits}`;

const restoreExamples = `
Examples:
  swarm-drill swarm restore --input swarm.age --identity-file key.txt
  swarm-drill swarm restore --input swarm.age --identity-file key.txt --yes     over a swarm that is there
  swarm-drill swarm restore --input swarm.age --passphrase-fd 0 --unlock-key-file unlock.txt
${exits}`;

const backupCommand = new Command('backup')
  .description("stop this manager's engine, copy its swarm directory into one encrypted file, start it again")
  .requiredOption('--output <file>', 'the file to write; best on another machine')
  .option('--overwrite', 'replace the file if it is there')
  .option('--recipient <age1…>', 'seal it for this age recipient (more than one: say it again)', collect)
  .option('--recipient-file <file>', 'seal it for the recipients in this file, one on a line')
  .option('--passphrase-file <file>', 'seal it with the passphrase in this file')
  .option(
    '--passphrase-fd <number>',
    'the same, from an open descriptor; 0 is standard input',
    parseDescriptor,
  )
  .option('--unlock-key-file <file>', 'the unlock key of an autolocked swarm')
  .addHelpText('after', backupExamples)
  .action(({ json = false, ...words }: BackupOptions) =>
    runCommand('backup', json, renderBackup, async () => {
      const { readSealingKey: lockOf, readUnlockKey: unlockKeyOf } =
        await import('../../swarm-backup/file/keys.ts');
      const { backup } = await import('../../swarm-backup/backup.ts');
      const lock = lockOf(words);
      const unlockKey = words.unlockKeyFile === undefined ? undefined : unlockKeyOf(words.unlockKeyFile);
      const { output, overwrite = false } = words;
      return withManager(words, (manager) =>
        backup(manager, { output, overwrite, lock, unlockKey, tool: toolVersion() }),
      );
    }),
  );

const restoreCommand = new Command('restore')
  .description('bring a file of `swarm backup` back on this host, and put the old state back if that fails')
  .requiredOption('--input <file>', 'the file to bring back')
  .option('--yes', 'replace the swarm that is there; its directory is kept aside')
  .option('--again', 'bring a file back that is there already, over what has happened since')
  .option('--identity-file <file>', 'open it with an age identity in this file')
  .option('--passphrase-file <file>', 'open it with the passphrase in this file')
  .option(
    '--passphrase-fd <number>',
    'the same, from an open descriptor; 0 is standard input',
    parseDescriptor,
  )
  .option('--unlock-key-file <file>', 'the unlock key that an autolocked swarm had when it was backed up')
  .addHelpText('after', restoreExamples)
  .action(({ json = false, ...words }: RestoreOptions) =>
    runCommand('restore', json, renderRestore, async () => {
      const { readOpeningKey: keyOf, readUnlockKey: unlockKeyOf } =
        await import('../../swarm-backup/file/keys.ts');
      const { requireReadableFile: readable } = await import('../../swarm-backup/file/paths.ts');
      const { restore } = await import('../../swarm-backup/restore.ts');
      const key = await keyOf(words);
      const unlockKey = words.unlockKeyFile === undefined ? undefined : unlockKeyOf(words.unlockKeyFile);
      const input = await readable(words.input);
      const { yes = false, again = false } = words;
      return withManager(words, (manager) => restore(manager, { input, key, yes, force: again, unlockKey }));
    }),
  );

for (const command of [backupCommand, restoreCommand])
  for (const option of [...managerOptions(), jsonOption('the result')]) command.addOption(option);

export const swarmSubcommand = new Command('swarm')
  .description("back up and restore a swarm's state: one manager, one encrypted file")
  .addCommand(backupCommand)
  .addCommand(restoreCommand);

function collect(word: string, before: readonly string[] = []): string[] {
  return [...before, word];
}
