// swarm-drill swarm: backs up the state of a real swarm into one encrypted file, and restores it. Docker has no such commands.
import { Command } from 'commander';
import type { OpeningOptions, SealingOptions } from '../../../swarm-backup/file/keys.ts';
import { jsonOption, parseDescriptor } from '../options.ts';
import { managerOptions, type ManagerOptions, withManager } from './swarm-manager.ts';
import { renderBackup, renderRestore } from '../../terminal/swarm-outcome.ts';
import { runCommand } from '../../terminal/command-outcome.ts';
import { toolVersion } from '../../project.ts';

interface CommonOptions extends ManagerOptions {
  readonly unlockKeyFile?: string;
  readonly json?: boolean;
}
interface BackupOptions extends CommonOptions, SealingOptions {
  readonly output: string;
  readonly overwrite?: boolean;
  readonly raftSnapshot: boolean;
}
interface RestoreOptions extends CommonOptions, OpeningOptions {
  readonly input: string;
  readonly yes?: boolean;
  readonly force?: boolean;
  readonly newUnlockKeyFile?: string;
}

const exits = `
Exit codes: 0 done, 1 not possible with this swarm or this file, 2 the machine or the engine failed, 64 wrong usage.`;

const backupExamples = `
Examples:
  swarm-drill swarm backup --output /mnt/off-site/swarm.age --recipient age1…
  pass show swarm | swarm-drill swarm backup --output swarm.age --passphrase-fd 0
  swarm-drill swarm backup --output swarm.age --recipient-file keys.txt --node swarm-drill-…-manager-1-1
${exits}`;

const restoreExamples = `
Examples:
  swarm-drill swarm restore --input swarm.age --identity-file key.txt
  swarm-drill swarm restore --input swarm.age --identity-file key.txt --yes     replaces an existing swarm
  swarm-drill swarm restore --input swarm.age --passphrase-fd 0 --unlock-key-file unlock.txt
  swarm-drill swarm restore … --unlock-key-file unlock.txt --new-unlock-key-file new-unlock.txt     several autolocked managers
${exits}`;

const backupCommand = new Command('backup')
  .description(
    "stop this manager's engine, copy its swarm directory into one encrypted file, start the engine",
  )
  .requiredOption('--output <file>', 'the file to write, preferably on another machine')
  .option('--overwrite', 'replace the file if it exists')
  .option('--recipient <age1…>', 'encrypt it for this age recipient (can be repeated)', collect)
  .option('--recipient-file <file>', 'encrypt it for the recipients in this file, one per line')
  .option('--passphrase-file <file>', 'encrypt it with the passphrase in this file')
  .option(
    '--passphrase-fd <number>',
    'read the passphrase from an open file descriptor; 0 is standard input',
    parseDescriptor,
  )
  .option('--unlock-key-file <file>', 'the unlock key of an autolocked swarm')
  .option(
    '--no-raft-snapshot',
    'take no raft snapshot before the copy; a restore then waits 10 to 20 s longer',
  )
  .addHelpText('after', backupExamples)
  .action(({ json = false, ...options }: BackupOptions) =>
    runCommand('backup', json, renderBackup, async () => {
      const { readSealingKey, readUnlockKey } = await import('../../../swarm-backup/file/keys.ts');
      const { resolveOutput } = await import('../../../swarm-backup/file/paths.ts');
      const { fileTarget } = await import('../../../swarm-backup/file/target.ts');
      const { backup } = await import('../../../swarm-backup/backup.ts');
      const sealWith = readSealingKey(options);
      const unlockKey =
        options.unlockKeyFile === undefined ? undefined : readUnlockKey(options.unlockKeyFile);
      const { output, overwrite = false } = options;
      return withManager(options, async (manager) => {
        const target = fileTarget(await resolveOutput({ output, overwrite }, manager.root));
        const { raftSnapshot } = options;
        return backup(manager, { target, sealWith, unlockKey, raftSnapshot, tool: toolVersion() });
      });
    }),
  );

const restoreCommand = new Command('restore')
  .description('restore a file of `swarm backup` on this host; if that fails, the old state is put back')
  .requiredOption('--input <file>', 'the file to restore')
  .option('--yes', 'replace an existing swarm (its directory is preserved)')
  .option('--force', 'restore a file that is already restored; changes since then are lost')
  .option('--identity-file <file>', 'decrypt it with an age identity in this file')
  .option('--passphrase-file <file>', 'decrypt it with the passphrase in this file')
  .option(
    '--passphrase-fd <number>',
    'read the passphrase from an open file descriptor; 0 is standard input',
    parseDescriptor,
  )
  .option('--unlock-key-file <file>', 'the unlock key of an autolocked swarm at the time of the backup')
  .option(
    '--new-unlock-key-file <file>',
    'write the new unlock key of an autolocked swarm of several managers to this new file (default: shown on the terminal)',
  )
  .addHelpText('after', restoreExamples)
  .action(({ json = false, ...options }: RestoreOptions) =>
    runCommand('restore', json, renderRestore, async () => {
      const { readOpeningKey, readUnlockKey } = await import('../../../swarm-backup/file/keys.ts');
      const { requireReadableFile } = await import('../../../swarm-backup/file/paths.ts');
      const { fileSource } = await import('../../../swarm-backup/file/target.ts');
      const { restore } = await import('../../../swarm-backup/restore.ts');
      const { unlockKeyKeeper } = await import('./new-unlock-key.ts');
      const openWith = await readOpeningKey(options);
      const unlockKey =
        options.unlockKeyFile === undefined ? undefined : readUnlockKey(options.unlockKeyFile);
      const source = fileSource(await requireReadableFile(options.input));
      const { yes = false, force = false } = options;
      return withManager(options, async (manager) => {
        const keepUnlockKey = await unlockKeyKeeper({ ...options, json }, manager.root);
        return restore(manager, { source, openWith, yes, force, unlockKey, keepUnlockKey });
      });
    }),
  );

for (const command of [backupCommand, restoreCommand])
  for (const option of [...managerOptions(), jsonOption('the result')]) command.addOption(option);

export const swarmSubcommand = new Command('swarm')
  .description("back up and restore a swarm's state: one manager, one encrypted file")
  .addCommand(backupCommand)
  .addCommand(restoreCommand);

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}
