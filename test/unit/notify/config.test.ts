import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { inspect } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { format } from 'prettier';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { NotifyFile, NotifyTargets } from '../../../src/notify/config.ts';
import { Message, startMessage, testMessage } from '../../../src/notify/message.ts';
import { redact, Secret } from '../../../src/notify/secret.ts';
import { brokenNight, FACTS } from '../../support/notify.ts';

const EVERY_KIND = [
  { kind: 'webhook', 'url-file': 'hook' },
  { kind: 'slack', 'url-env': 'SLACK_WEBHOOK', when: 'change', name: 'ops' },
  { kind: 'teams', 'url-env': 'TEAMS_WEBHOOK' },
  { kind: 'ntfy', 'url-env': 'NTFY_TOPIC', 'token-env': 'NTFY_TOKEN' },
  { kind: 'ping', 'url-file': 'ping' },
  { kind: 'mail', host: 'smtp', from: 'a@b', to: ['c@d'], user: 'u', 'password-file': 'p' },
  { kind: 'github-comment' },
  { kind: 'gitlab-comment', 'token-env': 'T', api: 'https://git.example/api/v4', number: 3 },
  { kind: 'github-summary' },
];

test('accepts every kind, and informs of problems by default', () => {
  expect(NotifyTargets.parse(EVERY_KIND)).toMatchObject(EVERY_KIND);
  expect(NotifyTargets.parse(EVERY_KIND)[0]).toMatchObject({ when: 'problem' });
});

test.each([
  ['a URL in the file', { kind: 'slack', url: 'https://hooks.example/x' }],
  ['no URL', { kind: 'slack' }],
  ['two places of a URL', { kind: 'ping', 'url-file': 'a', 'url-env': 'B' }],
  ['a URL as the name of a variable', { kind: 'slack', 'url-env': 'https://hooks.example/x' }],
  ['an unknown kind', { kind: 'pager', 'url-env': 'A' }],
  ['a password in the file', { kind: 'mail', host: 'h', from: 'a', to: ['b'], user: 'u', password: 'p' }],
  ['a user without a password', { kind: 'mail', host: 'h', from: 'a', to: ['b'], user: 'u' }],
  [
    'a password in clear',
    { kind: 'mail', host: 'h', from: 'a', to: ['b'], user: 'u', 'password-env': 'P', tls: 'none' },
  ],
])('refuses %s', (_, target) => {
  expect(NotifyTargets.safeParse([target]).success).toBe(false);
});

const schemas = {
  'notify.schema.json': {
    schema: z.toJSONSchema(NotifyFile, { target: 'draft-2020-12', io: 'input' }),
    samples: [{ notify: EVERY_KIND }],
  },
  'notification.schema.json': {
    schema: z.toJSONSchema(Message, { target: 'draft-2020-12' }),
    samples: [brokenNight(), startMessage(FACTS, 2), testMessage(FACTS)],
  },
};
const docs = path.join(import.meta.dirname, '../../../docs');

describe.each(Object.entries(schemas))('docs/%s', (name, { schema, samples }) => {
  test('matches the code (update it with UPDATE_SCHEMAS=1)', async () => {
    const file = path.join(docs, name);
    if (process.env['UPDATE_SCHEMAS'])
      await writeFile(file, await format(JSON.stringify(schema), { parser: 'json', printWidth: 110 }));
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(JSON.parse(JSON.stringify(schema)));
  });

  test('accepts the samples', () => {
    const validate = new Ajv2020({ validateFormats: false }).compile(schema);
    for (const sample of samples) expect(validate(sample), JSON.stringify(validate.errors)).toBe(true);
    expect(validate([])).toBe(false);
  });
});

test('shows no secret in a text, in JSON or in a log', () => {
  const secret = new Secret('https://hooks.example/services/T0123456789');
  expect([String(secret), JSON.stringify({ secret }), inspect({ secret })].join()).not.toMatch(/T012|hooks/);
});

test.each([
  [
    'https://hooks.example/services/T0123456789',
    'no service at /services/T0123456789: T0123456789',
    'no service at [secret]: [secret]',
  ],
  [
    'https://u:passw0rd99@h/x?key=abcdefgh12',
    'key abcdefgh12 of passw0rd99 in x',
    'key [secret] of [secret] in x',
  ],
  ['token+with/signs', `got ${encodeURIComponent('token+with/signs')}`, 'got [secret]'],
])('removes the parts of %s', (secret, text, redacted) => {
  expect(redact(text, [new Secret(secret)])).toBe(redacted);
});
