// Looks for the passphrase of a file and the unlock key of a swarm wherever others could read them, while both commands run and
// after them.
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { clientAt } from '../../../src/lab/engine/client.ts';
import { SecretListener } from '../../support/secret-listener.ts';
import {
  autolock,
  killedAfter,
  onNode,
  openStage,
  type Outcome,
  outcomeOf,
  program,
  type Stage,
} from '../../support/swarm-backup-stage.ts';

const phrase = randomBytes(18).toString('hex');
const otherPhrase = randomBytes(18).toString('hex');
const otherKey = `SWMKEY-1-${randomBytes(32).toString('base64').replace(/=$/, '')}`;

let stage: Stage;
let node: string;
let key: string;
beforeAll(async () => {
  stage = await openStage('swarm-secrets');
  node = stage.swarm.node('manager-1').volume;
  key = await autolock(stage.swarm.node('manager-1'));
  for (const [name, text] of Object.entries({ phrase, otherPhrase, key, otherKey }))
    await writeFile(stage.path(name), `${text}\n`);
});
afterAll(() => stage[Symbol.asyncDispose]());

const args = (command: 'backup' | 'restore', phraseFile: string, keyFile: string): string[] => [
  ...[command, ...onNode(stage.site, node), '--passphrase-file', stage.path(phraseFile)],
  ...[
    '--unlock-key-file',
    stage.path(keyFile),
    command === 'backup' ? '--output' : '--input',
    stage.path('one.age'),
  ],
  ...(command === 'backup' ? ['--overwrite'] : ['--yes', '--force']),
];
const call = (...of: Parameters<typeof args>): Promise<Outcome> => outcomeOf(program(args(...of)));
const readLog = (): Promise<string> =>
  stage.swarm.node('manager-1').exec(['cat', '/var/lib/docker/swarm-drill.json']);

test('shows neither in arguments, environments, intent logs or output, whether right or wrong', async () => {
  const ears = SecretListener.open([clientAt(inject('lab').host)]);
  const logs: string[] = [];
  const outcomes: Outcome[] = [];
  {
    await using _listening = ears;
    outcomes.push(await call('backup', 'phrase', 'otherKey'), await call('backup', 'phrase', 'key'));
    logs.push(await readLog());
    outcomes.push(await call('restore', 'otherPhrase', 'key'), await call('restore', 'phrase', 'otherKey'));
    await killedAfter('unpack the copy', args('restore', 'phrase', 'key'));
    logs.push(await readLog());
    outcomes.push(await call('restore', 'phrase', 'key'));
    logs.push(await readLog());
  }
  const codes = outcomes.map(({ json }) => (json['error'] as { code: string } | undefined)?.code);
  expect(codes).toEqual(['wrong-unlock-key', undefined, 'wrong-key', 'wrong-unlock-key', undefined]);
  expect(logs[1]).toContain('"what":"restore"');

  const places = {
    arguments: ears.arguments,
    environments: ears.environments,
    'engine inspections': ears.inspected,
    logs: logs.join('\n'),
    output: outcomes.map(({ json, stderr }) => `${JSON.stringify(json)}\n${stderr}`).join('\n'),
  };
  const secrets = { phrase, otherPhrase, key, otherKey };
  const seen = Object.entries(secrets).flatMap(([name, secret]) =>
    Object.entries(places)
      .filter(([, text]) => text.includes(secret) || text.includes(secret.replace('SWMKEY-1-', '')))
      .map(([place]) => `${name} in ${place}`),
  );
  expect(seen).toEqual([]);
  // The ears work: what was not secret was heard.
  expect(places.arguments).toContain(`--passphrase-file ${stage.path('phrase')}`);
});
