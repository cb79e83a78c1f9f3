// What the commands of `swarm` say at their end.
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
  recovered: mended,
}: BackupResult): CommandOutcome {
  return {
    lines: [
      ...mendedLine(mended),
      `backed up: ${whose(manifest)}`,
      `  ${manifest.files.length} files and directories; ${objectsLine(manifest)}`,
      `  ${file}: ${bytes} bytes, SHA-256 ${sha256}, read back whole`,
      `  the engine was away for ${formatSeconds(stoppedSeconds)}`,
      ...warnings.map(warning),
      'volumes, images and registry logins are not in it',
    ],
    json: {
      file,
      bytes,
      sha256,
      stoppedSeconds,
      ...manifestSummary(manifest),
      warnings,
      mended: mended ?? null,
    },
  };
}

export function renderRestore({
  manifest,
  alreadyRestored: already,
  strategy: by,
  previous: aside,
  seconds,
  warnings,
  recovered: mended,
}: RestoreResult): CommandOutcome {
  return {
    lines: [
      ...mendedLine(mended),
      ...(already
        ? [
            `there already: ${whose(manifest)}, of ${manifest.createdAt}; nothing was done`,
            '  to bring it back a second time, over what has happened since: --again',
          ]
        : [
            `restored: ${whose(manifest)}, as it was at ${manifest.createdAt}`,
            `  by ${by}; ${objectsLine(manifest)}, all of them there`,
            `  stopped, replaced and a manager again within ${formatSeconds(seconds)}`,
          ]),
      ...(aside === undefined
        ? []
        : [`  what was there before is kept in ${aside}: it holds keys, remove it when all is well`]),
      ...warnings.map(warning),
    ],
    json: {
      already,
      by,
      aside: aside ?? null,
      seconds,
      ...manifestSummary(manifest),
      warnings,
      mended: mended ?? null,
    },
  };
}

const whose = ({ cluster, node }: Manifest): string =>
  `cluster ${cluster.id}, manager ${node.name} (${node.id}) at ${node.address}`;
const warning = (text: string): string => `  mind: ${text}`;
const mendedLine = (what: string | undefined): string[] =>
  what === undefined ? [] : [`mended: a ${what} that was cut short here`];
const objectsLine = ({ objects }: Manifest): string =>
  Object.entries(objects)
    .map(([kind, list]) => `${kind} ${list.length}`)
    .join(', ');

/** What a machine is told of a manifest: whose it is and how much was in it. */
const manifestSummary = ({ id, createdAt, engine, cluster, node, objects, files }: Manifest): object => ({
  backup: { id, createdAt, engine, files: files.length },
  cluster,
  node,
  objects: Object.fromEntries(Object.entries(objects).map(([kind, list]) => [kind, list.length])),
});
