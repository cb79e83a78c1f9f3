// The list under "Known limitations" of each page in docs/methods is generated from the limits that its methods declare.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Method } from '../../../src/model/method.ts';
import * as methods from '../../../src/method/methods.ts';

type AnyMethod = Pick<Method<never, never, unknown>, 'name' | 'limits'>;

const PAGES: Readonly<Record<string, readonly AnyMethod[]>> = {
  'volume-archive': [methods.volumeArchive()],
  'docker-cp': [methods.dockerCp(), methods.dockerCp({ whileStopped: true })],
  rsync: [methods.rsync(), methods.rsync({ preserve: 'all' })],
  restic: [methods.restic()],
  'restic-s3': [methods.restic({ via: 's3' })],
  borg: [methods.borg()],
  'volume-companion': [methods.volumeCompanion()],
  'volume-plugin': [methods.volumePlugin(), methods.volumePlugin({ whileStopped: true })],
  'postgres-dump': [methods.postgresDump()],
  'postgres-base-backup': [methods.postgresBaseBackup()],
  'postgres-point-in-time': [methods.postgresPointInTime(), methods.postgresWalArchive()],
  'valkey-rdb': [methods.valkeyRdb()],
  'valkey-aof': [methods.valkeyAof()],
  'git-stack': [methods.gitStack(), methods.gitStack({ remote: 'vault' })],
  'service-export': [methods.serviceExport()],
  'swarm-state': [
    methods.swarmState(),
    methods.swarmState({ raftSnapshot: false }),
    methods.swarmState({ hot: true }),
  ],
};

const HEADING = '## Known limitations';
const COMMENT = '<!-- Generated from the limits in the code by "npm run docs". -->';
/** From the heading to the end of the lists; what follows on the page is written by hand. */
const GENERATED = new RegExp(
  `${HEADING}\n\n(?:${COMMENT}\n\n(?:- [^\n]*\n)*\n*)?(?:(?:It|\`[^\`\n]+\`) does not restore:\n\n(?:- [^\n]*\n)+\n?)*`,
);

/** Lists what no method of the page restores, then for each method what only some of them don't. */
function listsOf(variants: readonly AnyMethod[]): string[] {
  const all = [...new Set(variants.flatMap(({ limits }) => limits))];
  const shared = all.filter((sentence) => variants.every(({ limits }) => limits.includes(sentence)));
  const groups: (readonly [subject: string, sentences: readonly string[]])[] = [
    ['It', shared],
    ...variants.map(
      ({ name, limits }) => [`\`${name}\``, limits.filter((one) => !shared.includes(one))] as const,
    ),
  ];
  return groups
    .filter(([, sentences]) => sentences.length > 0)
    .flatMap(([subject, sentences]) => [
      `${subject} does not restore:`,
      sentences.map((sentence) => `- ${sentence}`).join('\n'),
    ]);
}

test.for(Object.entries(PAGES))(
  'docs/methods/%s.md lists the limits (npm run docs updates it)',
  async ([page, variants]) => {
    const file = join(import.meta.dirname, '../../../docs/methods', `${page}.md`);
    const text = await readFile(file, 'utf8');
    expect(text).toContain(`${HEADING}\n`);
    const expected = text.replace(GENERATED, () => [HEADING, COMMENT, ...listsOf(variants), ''].join('\n\n'));
    await expect(`${expected.trimEnd()}\n`).toMatchFileSnapshot(file);
  },
);

test('every method is on a page', () => {
  const named = Object.values(PAGES).flatMap((variants) => variants.map(({ name }) => name));
  for (const name of Object.keys(methods))
    expect(named).toContain(name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`));
});
