import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { format } from 'prettier';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { buildReport } from '../../../src/report/build.ts';
import { buildRun } from '../../../src/report/run.ts';
import { Report, Run } from '../../../src/report/schema.ts';
import {
  continuousWritesSample,
  inconclusiveSample,
  notRecoveredSample,
  recoveredSample,
} from '../../support/report/samples.ts';

/** The formats of report.json and run.json as JSON Schema, for programs in other languages; by file name in `docs/`. */
const jsonSchemas = {
  'report.schema.json': z.toJSONSchema(Report, { target: 'draft-2020-12' }),
  'run.schema.json': z.toJSONSchema(Run, { target: 'draft-2020-12' }),
};

const docs = path.join(import.meta.dirname, '../../../docs');
const reports = [
  continuousWritesSample(),
  recoveredSample(),
  notRecoveredSample(),
  inconclusiveSample(),
  [],
].map((events) => buildReport(events));
const samples = { 'report.schema.json': reports, 'run.schema.json': [buildRun(reports)] };

describe.each(Object.entries(jsonSchemas))('docs/%s', (name, schema) => {
  const file = path.join(docs, name);

  test('matches the code (update it with UPDATE_SCHEMAS=1)', async () => {
    if (process.env['UPDATE_SCHEMAS'])
      await writeFile(file, await format(JSON.stringify(schema), { parser: 'json', printWidth: 110 }));
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(JSON.parse(JSON.stringify(schema)));
  });

  test('accepts the samples and rejects them without a verdict', () => {
    const validate = new Ajv2020({ validateFormats: false }).compile(schema);
    for (const sample of samples[name as keyof typeof samples]) {
      expect(validate(JSON.parse(JSON.stringify(sample))), JSON.stringify(validate.errors)).toBe(true);
      const { verdict: _, ...without } = sample;
      expect(validate(without)).toBe(false);
    }
  });
});
