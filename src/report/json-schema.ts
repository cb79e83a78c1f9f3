// The shapes of report.json and run.json as JSON Schema, for readers in other languages.
import { z } from 'zod';
import { Report, Run } from './schema.ts';

/** By file name in `docs/`. */
export const jsonSchemas = () => ({
  'report.schema.json': z.toJSONSchema(Report, { target: 'draft-2020-12' }),
  'run.schema.json': z.toJSONSchema(Run, { target: 'draft-2020-12' }),
});
