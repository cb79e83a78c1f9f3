// One name for each node: host names need not be unique.
import type { Member } from '../lab/engine/api.ts';

/** Several ready nodes with the same host name get numbers. A lost node is listed only if no ready one has its name. */
export function namesOfHosts(members: readonly Member[]): Map<string, Member> {
  const byHost = Map.groupBy(members, ({ Description }) => Description.Hostname);
  return new Map(
    [...byHost].flatMap(([host, namesakes]) => {
      const ready = namesakes.filter(({ Status }) => Status.State === 'ready');
      const [first, ...others] = ready.length > 0 ? ready : namesakes.slice(0, 1);
      return [
        ...(first ? [[host, first] as const] : []),
        ...others.map((one, index) => [`${host} (${index + 2})`, one] as const),
      ];
    }),
  );
}
