// Known causes of waits, with links to where they are discussed.
import type { Step } from '../schema.ts';
import { formatTime } from './format.ts';

export const buildCauses = ({ causes = [] }: Step) =>
  causes.map(({ name, link, node, seconds }) => ({
    name,
    link,
    issue: issueName(link),
    node,
    seconds: formatTime(seconds),
  }));

/** Shortens the address of an issue to e.g. `moby#47396`. */
export function issueName(link: string): string {
  const [, repository, number] = /github\.com\/[^/]+\/([^/]+)\/issues\/(\d+)$/.exec(link) ?? [];
  return repository === undefined ? link : `${repository}#${number}`;
}
