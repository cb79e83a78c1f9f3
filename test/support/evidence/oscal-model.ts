// The part of OSCAL's model of assessment results that swarm-drill writes, as its reference describes it: required fields, types of
// values, and no other fields. NIST publishes its JSON schema as a file of a release, and no package of npm has it: the test of the
// export validates against it, too, if the variable OSCAL_SCHEMA names that file.
import { z } from 'zod';

const uuid = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[45][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
const token = z.string().regex(/^(\p{L}|_)(\p{L}|\p{N}|[.\-_])*$/u);
const string = z.string().regex(/^\S(.*\S)?$/);
const time = z.iso.datetime();
const markup = z.string().min(1);
const property = z.strictObject({ name: token, ns: z.url(), value: string });
const some = <T extends z.ZodType>(item: T) => z.array(item).min(1);

const Metadata = z.strictObject({
  title: markup,
  'last-modified': time,
  version: string,
  'oscal-version': z.literal('1.2.1'),
  roles: some(z.strictObject({ id: token, title: markup })).optional(),
  parties: some(
    z.strictObject({
      uuid,
      type: z.enum(['person', 'organization']),
      name: string,
      props: some(property).optional(),
    }),
  ),
  'responsible-parties': some(z.strictObject({ 'role-id': token, 'party-uuids': some(uuid) })).optional(),
});

const Observation = z.strictObject({
  uuid,
  title: markup,
  description: markup,
  props: some(property),
  methods: some(z.enum(['EXAMINE', 'INTERVIEW', 'TEST', 'UNKNOWN'])),
  types: some(token),
  origins: some(
    z.strictObject({ actors: some(z.strictObject({ type: z.literal('party'), 'actor-uuid': uuid })) }),
  ),
  'relevant-evidence': some(z.strictObject({ href: z.string().min(1), description: markup })),
  collected: time,
});

const Risk = z.strictObject({
  uuid,
  title: markup,
  description: markup,
  statement: markup,
  status: token,
  deadline: time.optional(),
});

const Finding = z.strictObject({
  uuid,
  title: markup,
  description: markup,
  target: z.strictObject({
    type: z.enum(['statement-id', 'objective-id']),
    'target-id': token,
    status: z.strictObject({
      state: z.enum(['satisfied', 'not-satisfied']),
      reason: z.enum(['pass', 'fail', 'other']),
      remarks: markup,
    }),
  }),
  'related-observations': some(z.strictObject({ 'observation-uuid': uuid })),
});

const Result = z.strictObject({
  uuid,
  title: markup,
  description: markup,
  start: time,
  end: time,
  props: some(property),
  'reviewed-controls': z.strictObject({
    'control-selections': some(
      z.strictObject({ 'include-controls': some(z.strictObject({ 'control-id': token })) }),
    ),
    remarks: markup,
  }),
  attestations: some(
    z.strictObject({ parts: some(z.strictObject({ name: token, title: markup, prose: markup })) }),
  ).optional(),
  observations: some(Observation),
  risks: some(Risk).optional(),
  findings: some(Finding),
});

export const AssessmentResults = z.strictObject({
  'assessment-results': z.strictObject({
    uuid,
    metadata: Metadata,
    'import-ap': z.strictObject({ href: z.string().min(1), remarks: markup }),
    results: some(Result),
  }),
});
