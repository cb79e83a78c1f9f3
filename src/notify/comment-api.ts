// The comments of a pull request of GitHub or a merge request of GitLab, as far as a comment that updates itself needs them.
import { z } from 'zod';
import type { DeliveryPolicy, HttpRequest } from './http.ts';
import { request } from './http.ts';
import type { Secret } from './secret.ts';

export interface Place {
  /** Of the API, without a slash at the end. */
  readonly api: string;
  /** `owner/name`, or for GitLab a number too. */
  readonly project: string;
  readonly number: number;
}

export interface Comment {
  readonly id: number;
  readonly body: string;
  readonly author: string;
  /** Whether the author is a program. */
  readonly isBot: boolean;
}

export interface CommentApi {
  /** The login of the token's owner; undefined for the token of a job, which belongs to a program without a login that it may ask for. */
  whoAmI(): Promise<string | undefined>;
  page(number: number): Promise<readonly Comment[]>;
  add(body: string): Promise<void>;
  update(id: number, body: string): Promise<void>;
}

export const PAGE_SIZE = 100;

type Send = (method: HttpRequest['method'], path: string, content?: object) => Promise<unknown>;

const sender =
  (api: string, headers: Record<string, string>, token: Secret, policy: DeliveryPolicy): Send =>
  async (method, path, content): Promise<unknown> =>
    JSON.parse(
      await request(
        {
          url: new URL(`${api}${path}`),
          method,
          headers: { 'content-type': 'application/json', ...headers },
          ...(content && { body: JSON.stringify(content) }),
          secrets: [token],
        },
        policy,
      ),
    );

const GithubComments = z.array(
  z.object({
    id: z.int(),
    body: z.string().nullish(),
    user: z.object({ login: z.string(), type: z.string() }).nullable(),
  }),
);

/** See https://docs.github.com/rest/issues/comments: a pull request is an issue there. */
export function githubComments(
  { api, project, number }: Place,
  token: Secret,
  policy: DeliveryPolicy,
): CommentApi {
  const headers = { accept: 'application/vnd.github+json', authorization: `Bearer ${token.reveal()}` };
  const send = sender(api, headers, token, policy);
  const comments = `/repos/${project}/issues/${number}/comments`;
  return {
    whoAmI: async () =>
      z.object({ login: z.string() }).safeParse(await send('GET', '/user').catch(() => null)).data?.login,
    page: async (page) =>
      GithubComments.parse(await send('GET', `${comments}?per_page=${PAGE_SIZE}&page=${page}`)).map(
        ({ id, body, user }) => ({
          id,
          body: body ?? '',
          author: user?.login ?? '',
          isBot: user?.type === 'Bot',
        }),
      ),
    add: async (body) => {
      await send('POST', comments, { body });
    },
    update: async (id, body) => {
      await send('PATCH', `/repos/${project}/issues/comments/${id}`, { body });
    },
  };
}

const GitlabNotes = z.array(
  z.object({ id: z.int(), body: z.string(), author: z.object({ username: z.string() }) }),
);

/** See https://docs.gitlab.com/api/notes/#merge-requests. */
export function gitlabComments(
  { api, project, number }: Place,
  token: Secret,
  policy: DeliveryPolicy,
): CommentApi {
  const send = sender(api, { 'private-token': token.reveal() }, token, policy);
  const notes = `/projects/${encodeURIComponent(project)}/merge_requests/${number}/notes`;
  return {
    whoAmI: async () => z.object({ username: z.string() }).parse(await send('GET', '/user')).username,
    page: async (page) =>
      GitlabNotes.parse(await send('GET', `${notes}?per_page=${PAGE_SIZE}&page=${page}&sort=asc`)).map(
        ({ id, body, author }) => ({ id, body, author: author.username, isBot: false }),
      ),
    add: async (body) => {
      await send('POST', notes, { body });
    },
    update: async (id, body) => {
      await send('PUT', `${notes}/${id}`, { body });
    },
  };
}
