// Who or what started a run: a CI system, by the variables that it sets, or the account of a person.
import { userInfo } from 'node:os';
import type { Trigger } from '../../evidence/plan-record.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** By the variable that only this system sets: its name, and the address of the job. */
const SYSTEMS: readonly (readonly [string, string, (environment: Environment) => string | undefined])[] = [
  [
    'GITHUB_ACTIONS',
    'GitHub Actions',
    ({ GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: run }) =>
      server && repository && run ? `${server}/${repository}/actions/runs/${run}` : undefined,
  ],
  ['GITLAB_CI', 'GitLab CI', ({ CI_JOB_URL: url }) => url],
  ['JENKINS_URL', 'Jenkins', ({ BUILD_URL: url }) => url],
  ['CI', 'CI', () => undefined],
];

/** @param isTerminal whether a person watches: a systemd timer has no terminal */
export function detectTrigger(
  environment: Environment = process.env,
  isTerminal: boolean = process.stdin.isTTY,
): Trigger {
  for (const [variable, name, urlOf] of SYSTEMS)
    if (environment[variable]) return { kind: 'ci', name, url: withoutLogin(urlOf(environment)) };
  if (environment['INVOCATION_ID'] && environment['JOURNAL_STREAM'] && !isTerminal)
    return { kind: 'ci', name: 'systemd', url: null };
  return { kind: 'person', name: accountName(), url: null };
}

/** Removes a name and password from an address: a plan is published. */
function withoutLogin(address: string | undefined): string | null {
  if (address === undefined || !URL.canParse(address)) return null;
  const url = new URL(address);
  url.username = '';
  url.password = '';
  return url.href;
}

/** An account that only has a number has no name. */
function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? 'unknown'}`;
  }
}
