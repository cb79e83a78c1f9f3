// Part of `npm run lint`: words that are not plain English, over code, tests and docs. `git grep` does the search.
import { spawnSync } from 'node:child_process';

/** A Perl regular expression, and what to write in its place. */
const RULES = [
  ['\\bmend(s|ed|ing|able)?\\b', 'fix, recover or correct'],
  ['\\banew\\b', 'again, or name the action: recreate, restart'],
  ['\\b(who|what|which)ever\\b', 'anyone who, any, the one that'],
  ['\\b(before|after)hand\\b|\\bafterwards\\b|\\bmeanwhile\\b', 'before, then, while; or state the order'],
  ['\\b(no|some|any)body\\b', 'no one is needed: name the actor, or use the passive'],
  ['\\btell(s|ing)?\\b|\\btold\\b', 'report, show, print, return, pass'],
  ['\\b(lie|lies|lay|lain|lying)\\b', 'is, is stored, is in'],
  ['\\bstand(s|ing)? (in|on|at|apart|beside|between|behind|there|for it)\\b', 'is, runs, belongs to'],
  ['\\bbesides?\\b', 'next to, in addition to, with'],
  ['\\bway back\\b', 'restore, recovery'],
  ['\\b(let|lets|letting) (\\w+ )?down\\b', 'failed'],
  ['\\bbut for\\b', 'except'],
  ['\\bof (its|their|our|his|her|one.s) own\\b', 'its own …, separate'],
  ['\\b(can.t|cannot|could not|to) be had\\b', 'is not available'],
  ['\\btakes? leave\\b', 'ends, exits'],
  ['\\b(in|out of) reach\\b', 'reachable, available'],
  ['\\bwhat it holds that\\b', 'rewrite the sentence'],
  ['(?<!leave|left|run|runs|let|stand|it|them|Run) alone\\b', 'only …'],
  ['(?<!\\b[Tt]here )\\b(is|are|was|were) no (?!longer|more\\b|such|one\\b|way\\b)\\w+', 'is not a …'],
  // Names that were replaced; the glossary in docs/design.md holds the words that are used.
  [
    'courier|outpost|\\bdepot|vacate|unstuck|yardstick|\\bporter|wayIn\\b|blueprint|rehears|\\bcurtain\\b',
    'the new name',
  ],
  [
    'outliveNobody|standsApart|tellsNothing|broughtBack|safeAtRemote|needsOf|hangUp|liesAfter|serverBeside',
    'the new name',
  ],
  ['\\bin its turn\\b|\\bin good order\\b|\\bby itself alone\\b', 'cleanly, in turn; or leave it out'],
];

const FILES = [
  '*.ts',
  '*.mjs',
  '*.js',
  '*.md',
  '*.py',
  '*.sh',
  '*.mustache',
  '*.yml',
  '*.lua',
  '.ci/run',
  ':!.ci/lint-words.mjs',
];

let found = 0;
for (const [pattern, instead] of RULES) {
  const { stdout, stderr, status } = spawnSync(
    'git',
    ['grep', '-nIiP', '--untracked', '-e', pattern, '--', ...FILES],
    {
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    },
  );
  if (status !== 0 && status !== 1) throw new Error(`git grep: ${stderr.trim()}`);
  for (const line of stdout.split('\n').filter(Boolean)) {
    const [, place, text = ''] = /^([^:]+:\d+):(.*)$/.exec(line) ?? [];
    const word = new RegExp(pattern, 'i').exec(text)?.[0] ?? '';
    console.error(`${place}: "${word}": write ${instead}: ${text.trim().slice(0, 100)}`);
    found++;
  }
}
if (found > 0) {
  console.error(`\n${found} places with words that are not plain English`);
  process.exitCode = 1;
}
