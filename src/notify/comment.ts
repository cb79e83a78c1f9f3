// A comment on a pull or merge request that every run updates, so that a branch with many runs has one comment and not many.
import { DrillError } from '../support/errors.ts';
import { type CommentApi, githubComments, gitlabComments, PAGE_SIZE, type Place } from './comment-api.ts';
import { targetName, type TargetOf } from './config.ts';
import type { DeliveryPolicy } from './http.ts';
import type { Message } from './message.ts';
import { readSecret } from './secret.ts';
import { toMarkdown } from './text.ts';

/** What there is to say when a target does not apply to this run. */
export interface NotApplicable {
  readonly skipped: string;
}

/** A request with more comments has had them from people, and its own is found in the first thousand or added again. */
const MOST_PAGES = 10;

type CommentTarget = TargetOf<'github-comment' | 'gitlab-comment'>;

/** @throws as `sendWebhook`; DrillError `not-delivered` when there is no token */
export async function sendComment(
  target: CommentTarget,
  message: Message,
  directory: string,
  policy: DeliveryPolicy,
): Promise<NotApplicable | undefined> {
  const isGithub = target.kind === 'github-comment';
  const place = isGithub ? githubPlace(target) : gitlabPlace(target);
  if ('skipped' in place) return place;
  const standard = isGithub ? 'GITHUB_TOKEN' : 'GITLAB_TOKEN';
  const variable = target['token-env'] ?? (target['token-file'] === undefined ? standard : undefined);
  const token = await readSecret({ file: target['token-file'], variable, directory });
  if (!token) throw new DrillError('there is no token', { code: 'no-secret' });
  const api = (isGithub ? githubComments : gitlabComments)(place, token, policy);
  const marker = `<!-- swarm-drill: ${targetName(target).replaceAll(/[^\w .-]/g, '')} -->`;
  const body = `${marker}\n${toMarkdown(message)}`;
  const own = await findOwn(api, marker);
  await (own === undefined ? api.add(body) : api.update(own, body));
  return undefined;
}

/** A comment of another author is never updated, even if it starts with the same marker: anyone can write one. */
async function findOwn(api: CommentApi, marker: string): Promise<number | undefined> {
  const me = await api.whoAmI();
  for (let number = 1; number <= MOST_PAGES; number++) {
    const page = await api.page(number);
    const own = page.find(
      ({ body, author, isBot }) => body.startsWith(marker) && (me === undefined ? isBot : author === me),
    );
    if (own) return own.id;
    if (page.length < PAGE_SIZE) return undefined;
  }
  return undefined;
}

const environment = (name: string): string | undefined => process.env[name] || undefined;
const noSlash = (url: string): string => url.replace(/\/+$/, '');

/** See https://docs.github.com/actions/reference/variables-reference: `GITHUB_REF` names the pull request of its events. */
function githubPlace({ api, project, number }: CommentTarget): Place | NotApplicable {
  const repository = project ?? environment('GITHUB_REPOSITORY');
  const pull = number ?? Number(/^refs\/pull\/(\d+)\//.exec(environment('GITHUB_REF') ?? '')?.[1] ?? 0);
  if (repository === undefined || pull === 0)
    return { skipped: 'this run is not for a pull request of GitHub' };
  return {
    api: noSlash(api ?? environment('GITHUB_API_URL') ?? 'https://api.github.com'),
    project: repository,
    number: pull,
  };
}

/** See https://docs.gitlab.com/ci/variables/predefined_variables. */
function gitlabPlace({ api, project, number }: CommentTarget): Place | NotApplicable {
  const repository = project ?? environment('CI_PROJECT_ID');
  const request = number ?? Number(environment('CI_MERGE_REQUEST_IID') ?? 0);
  if (repository === undefined || request === 0)
    return { skipped: 'this run is not for a merge request of GitLab' };
  return {
    api: noSlash(api ?? environment('CI_API_V4_URL') ?? 'https://gitlab.com/api/v4'),
    project: repository,
    number: request,
  };
}
