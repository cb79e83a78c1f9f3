// The format of evidence.yml: what people state about the drills, and no program can know. docs/evidence.schema.json is generated
// from it. Keys are as in the file, also in plan.json.
import { z } from 'zod';
import { TAGS } from '../../drill/tags.ts';
import { OBJECT_KINDS } from '../../model/object-kind.ts';
import { DURATION } from './duration.ts';

const text = z.string().min(1);
const date = z.iso.date().describe('e.g. 2027-06-01');
const duration = z
  .string()
  .regex(DURATION, 'expected a duration like 26h, 7d or 4w')
  .describe('e.g. 26h, 7d, 4w');

const Person = z.strictObject({
  name: text,
  key: text.describe('id of the key with which they sign, or the file of its public part'),
});
export type Person = z.infer<typeof Person>;

const Control = z.strictObject({
  framework: text.describe('e.g. SOC 2'),
  id: text.describe('e.g. A1.3'),
  'evidence-for': text.optional(),
  'not-evidence-for': text.optional().describe('what the control asks for, and a drill does not show'),
});

const Frequency = z.union([
  z.strictObject({ tag: z.enum(TAGS), every: duration }),
  z.strictObject({ drill: text, every: duration }),
]);
export type Frequency = z.infer<typeof Frequency>;

const OverTime = {
  'rta-p95-seconds': z.number().positive().optional().describe('95th percentile of the recovery time (RTA)'),
  'rpa-p95-seconds': z
    .number()
    .positive()
    .optional()
    .describe('95th percentile of the data loss window (RPA)'),
  'of-last': z.int().min(1).optional().describe('of how many recoveries (default: 20)'),
};
const ObjectiveOverTime = z.union([
  z.strictObject({ tag: z.enum(TAGS), ...OverTime }),
  z.strictObject({ drill: text, ...OverTime }),
]);
export type ObjectiveOverTime = z.infer<typeof ObjectiveOverTime>;

const Exclusion = z.strictObject({
  object: z.enum(OBJECT_KINDS).describe('a kind of object, as in the table of coverage'),
  reason: text,
  'accepted-by': text,
  until: date.describe('last day on which the exclusion holds'),
});
export type Exclusion = z.infer<typeof Exclusion>;

export const EvidenceFacts = z.strictObject({
  system: text.optional().describe('what is drilled'),
  owner: text.optional(),
  policy: z.strictObject({ document: text, url: z.url().optional() }).optional(),
  controls: z.array(Control).optional().describe('controls that the drills are evidence for'),
  frequency: z.array(Frequency).optional().describe('how often drills have to recover'),
  'objectives-source': text.optional().describe('where the objectives come from, e.g. an impact analysis'),
  'objectives-over-time': z
    .array(ObjectiveOverTime)
    .optional()
    .describe('what 19 of 20 recoveries of a drill have to meet'),
  people: z
    .strictObject({
      operators: z.array(Person).optional(),
      approvers: z.array(Person).optional(),
      reviewers: z.array(Person).optional(),
    })
    .optional(),
  exclusions: z.array(Exclusion).optional().describe('kinds of object that no check has to cover'),
  environment: text.optional().describe('how the lab differs from production'),
  'test-data': text.optional().describe('where the data of the drills comes from, and how it is handled'),
  retention: z.strictObject({ keep: duration }).optional().describe('how long evidence is kept'),
  'time-stamp': z
    .strictObject({
      url: z.url({ protocol: /^https?$/ }).describe('of a time-stamp authority that speaks RFC 3161'),
      chain: text.optional().describe('file with its certificates (PEM), relative to this file'),
    })
    .optional(),
  notify: z.array(z.unknown()).optional().describe('who is informed of a run'),
});
export type EvidenceFacts = z.infer<typeof EvidenceFacts>;
