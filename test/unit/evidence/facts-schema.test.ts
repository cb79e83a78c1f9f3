import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { format } from 'prettier';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { parseFacts } from '../../../src/evidence/facts/load.ts';
import { EvidenceFacts } from '../../../src/evidence/facts/schema.ts';

const docs = path.join(import.meta.dirname, '../../../docs');
const file = path.join(docs, 'evidence.schema.json');
const schema = z.toJSONSchema(EvidenceFacts, { target: 'draft-2020-12' });

/** The whole file that docs/evidence.md shows. */
async function example(): Promise<string> {
  const page = await readFile(path.join(docs, 'evidence.md'), 'utf8');
  const [, text] = /^```yaml\n(# evidence\.yml\n.*?)^```$/ms.exec(page) ?? [];
  if (text === undefined) throw new Error('docs/evidence.md shows no evidence.yml');
  return text;
}

test('docs/evidence.schema.json matches the code (update it with UPDATE_SCHEMAS=1)', async () => {
  if (process.env['UPDATE_SCHEMAS'])
    await writeFile(file, await format(JSON.stringify(schema), { parser: 'json', printWidth: 110 }));
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(JSON.parse(JSON.stringify(schema)));
});

test('accepts the file that docs/evidence.md shows, and refuses it with an unknown field', async () => {
  const text = await example();
  const facts = parseFacts(text, 'evidence.yml');
  expect(Object.keys(facts).sort()).toEqual(
    Object.keys(EvidenceFacts.shape)
      .filter((field) => !['notify', 'objectives-over-time'].includes(field))
      .sort(),
  );
  const validate = new Ajv2020({ validateFormats: false }).compile(schema);
  expect(validate(parse(text)), JSON.stringify(validate.errors)).toBe(true);
  expect(validate({ ...(parse(text) as object), ownr: 'me' })).toBe(false);
});
