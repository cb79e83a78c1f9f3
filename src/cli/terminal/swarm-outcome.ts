// Renders the results of the `swarm` commands.
import { formatSeconds } from '../../support/clock.ts';
import type { BackupResult } from '../../swarm-backup/backup.ts';
import type { Manifest } from '../../swarm-backup/file/manifest.ts';
import type { RestoreResult } from '../../swarm-backup/restore.ts';
import type { CommandOutcome } from './command-outcome.ts';

export function renderBackup({
  file,
  bytes,
  sha256,
  manifest,
  stoppedSeconds,
  warnings,
  recovered,
}: BackupResult): CommandOutcome {
  return {
    lines: [
      ...recoveredLine(recovered),
      `backed up: ${managerOf(manifest)}`,
      `  ${manifest.files.length} files and directories; ${objectCounts(manifest)}`,
      `  ${file}: ${bytes} bytes, SHA-256 ${sha256}, verified by reading it back`,
      ...(manifest.raftIndex === undefined
        ? []
        : [`  every raft entry up to ${manifest.raftIndex} is in it`]),
      `  engine downtime: ${formatSeconds(stoppedSeconds)}`,
      ...warnings.map(warningLine),
      'not included: volumes, images, registry logins',
    ],
    json: {
      file,
      bytes,
      sha256,
      stoppedSeconds,
      raftIndex: manifest.raftIndex ?? null,
      ...manifestSummary(manifest),
      warnings,
      recovered: recovered ?? null,
    },
  };
}

export function renderRestore({ manifest, recovered, previous, ...result }: RestoreResult): CommandOutcome {
  const { alreadyRestored, strategy, hasNewUnlockKey, seconds, warnings } = result;
  return {
    lines: [
      ...recoveredLine(recovered),
      ...(alreadyRestored
        ? [
            `already restored: ${managerOf(manifest)}, backed up at ${manifest.createdAt}; nothing was done`,
            '  to restore it again and lose what has changed since: --force',
          ]
        : [
            `restored: ${managerOf(manifest)}, backed up at ${manifest.createdAt}`,
            `  by ${strategy}; ${objectCounts(manifest)}, all present`,
            ...(hasNewUnlockKey
              ? [
                  '  locked again with a new unlock key, which opened it after a restart; the old key does not open it',
                ]
              : []),
            `  from stopping the engine to the verified manager: ${formatSeconds(seconds)}`,
          ]),
      ...(previous === undefined
        ? []
        : [`  the old directory is preserved in ${previous}: it holds keys, remove it when all is well`]),
      ...warnings.map(warningLine),
    ],
    json: {
      alreadyRestored,
      strategy,
      hasNewUnlockKey,
      previous: previous ?? null,
      seconds,
      ...manifestSummary(manifest),
      warnings,
      recovered: recovered ?? null,
    },
  };
}

const managerOf = ({ cluster, node }: Manifest): string =>
  `cluster ${cluster.id}, manager ${node.name} (${node.id}) at ${node.address}`;
const warningLine = (text: string): string => `  warning: ${text}`;
const recoveredLine = (what: string | undefined): string[] =>
  what === undefined ? [] : [`recovered first: a ${what} that was interrupted here`];
const objectCounts = ({ objects }: Manifest): string =>
  Object.entries(objects)
    .map(([kind, list]) => `${kind} ${list.length}`)
    .join(', ');

const manifestSummary = ({ id, createdAt, engine, cluster, node, objects, files }: Manifest): object => ({
  backup: { id, createdAt, engine, files: files.length },
  cluster,
  node,
  objects: Object.fromEntries(Object.entries(objects).map(([kind, list]) => [kind, list.length])),
});
