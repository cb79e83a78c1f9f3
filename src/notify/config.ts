// The format of `notify:` in evidence.yml, and of a file named with --notify: who is informed, and when. It names where secrets are,
// never the secrets. docs/notify.schema.json is generated from it.
import { z } from 'zod';

const text = z.string().min(1);
const variable = z.string().regex(/^[A-Za-z_]\w*$/, 'expected the name of an environment variable');
const file = text.describe('relative to the file that names it');

export const WHEN = ['problem', 'change', 'always'] as const;
export type When = (typeof WHEN)[number];

const common = {
  name: text.optional().describe('of this target in the output; default: its kind'),
};
const when = {
  when: z
    .enum(WHEN)
    .default('problem')
    .describe(
      'change: a verdict differs from that of the last run; problem: the same, and every run that did not recover; always: every run',
    ),
};
const secretUrl = {
  'url-file': file.optional().describe('file with the URL, which is a secret'),
  'url-env': variable.optional().describe('environment variable with the URL'),
};
const token = {
  'token-file': file.optional().describe('file with the token'),
  'token-env': variable.optional().describe('environment variable with the token'),
};

const exactlyOne =
  (...fields: readonly string[]) =>
  (value: object): boolean =>
    fields.filter((field) => field in value).length === 1;
const oneUrl = { error: 'expected one of url-file and url-env' };
const needsUrl = exactlyOne('url-file', 'url-env');

const webhook = <K extends string>(kind: K, what: string) =>
  z
    .strictObject({ kind: z.literal(kind).describe(what), ...common, ...when, ...secretUrl, ...token })
    .refine(needsUrl, oneUrl);

const Ping = z
  .strictObject({
    kind: z
      .literal('ping')
      .describe('a dead man’s switch that alarms if no night reports, like healthchecks'),
    ...common,
    ...secretUrl,
  })
  .refine(needsUrl, oneUrl);

const Mail = z
  .strictObject({
    kind: z.literal('mail'),
    ...common,
    ...when,
    host: text.describe('the SMTP server'),
    port: z.int().min(1).max(65_535).optional().describe('default: 465, 587 or 25, as `tls` says'),
    tls: z
      .enum(['implicit', 'starttls', 'none'])
      .default('starttls')
      .describe('implicit: from the first byte; starttls: before the login, or not at all; none: in clear'),
    ca: file.optional().describe('file with the certificates (PEM) that the server is checked with'),
    user: text.optional().describe('to log in with; without it there is no login'),
    'password-file': file.optional(),
    'password-env': variable.optional(),
    from: text,
    to: z.array(text).min(1),
  })
  .refine((mail) => mail.user === undefined || exactlyOne('password-file', 'password-env')(mail), {
    error: 'expected one of password-file and password-env, since there is a user',
  })
  .refine((mail) => mail.user === undefined || mail.tls !== 'none', {
    error: 'expected no user with tls: none, since the password would be sent in clear',
  });

const comment = <K extends string>(kind: K, what: string) =>
  z.strictObject({
    kind: z.literal(kind).describe(what),
    ...common,
    ...token,
    api: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('of the server; default: the one that runs the job'),
    project: text.optional().describe('owner/name or number; default: the one that the job is for'),
    number: z
      .int()
      .min(1)
      .optional()
      .describe('of the pull request, merge request or issue; default: the job’s'),
  });

const StepSummary = z.strictObject({
  kind: z.literal('github-summary').describe('the summary page of a job of GitHub Actions'),
  ...common,
});

export const NotifyTarget = z.discriminatedUnion('kind', [
  webhook('webhook', 'a POST with JSON, see docs/notification.schema.json'),
  webhook('slack', 'an incoming webhook of Slack, or of a program that understands its messages'),
  webhook('teams', 'a workflow of Microsoft Teams that posts adaptive cards'),
  webhook('ntfy', 'a topic of ntfy: https://server/topic'),
  Ping,
  Mail,
  comment('github-comment', 'one comment on a pull request or issue of GitHub, which each run updates'),
  comment('gitlab-comment', 'one comment on a merge request of GitLab, which each run updates'),
  StepSummary,
]);
export type NotifyTarget = z.infer<typeof NotifyTarget>;
export type TargetOf<K extends NotifyTarget['kind']> = Extract<NotifyTarget, { kind: K }>;

export const NotifyTargets = z.array(NotifyTarget);

/** The file named with --notify, and the part of evidence.yml that this folder knows. */
export const NotifyFile = z.looseObject({ notify: NotifyTargets.optional() });

/** Returns what the output calls a target. */
export const targetName = ({ name, kind }: NotifyTarget): string => name ?? kind;
