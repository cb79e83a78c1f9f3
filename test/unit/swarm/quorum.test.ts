import { describe, expect, test } from 'vitest';
import type { Member } from '../../../src/lab/engine/api.ts';
import { quorumWithout } from '../../../src/swarm/quorum.ts';

/** Managers `1`, `2` …, one for each letter: `r`eachable or `u`nreachable; and a worker. */
const managers = (reachability: string): Member[] => [
  ...[...reachability].map((letter, index) =>
    member(String(index + 1), { Reachability: letter === 'r' ? 'reachable' : 'unreachable' }),
  ),
  member('worker'),
];

const member = (ID: string, ManagerStatus?: Member['ManagerStatus']): Member => ({
  ID,
  Version: { Index: 1 },
  Spec: { Role: ManagerStatus ? 'manager' : 'worker', Availability: 'active' },
  Description: { Hostname: `host-${ID}` },
  Status: { State: 'ready' },
  ...(ManagerStatus ? { ManagerStatus } : {}),
});

describe('the first of the managers may be stopped', () => {
  test.for(['r', 'rrr', 'rrrr', 'rrrru', 'rrrrr'])('of %s', (all) => {
    expect(() => quorumWithout('1', managers(all))).not.toThrow();
  });
});

describe('it may not be stopped', () => {
  test.for([
    ['rr', 'leave 1 of 2 managers, and a quorum needs 2', 'add a third manager'],
    ['rru', 'leave 1 of 3 managers, and a quorum needs 2', 'bring back host-3'],
    ['rrru', 'leave 2 of 4 managers, and a quorum needs 3', 'bring back host-4'],
    ['rrruu', 'leave 2 of 5 managers, and a quorum needs 3', 'bring back host-4, host-5'],
  ] as const)('of %s', ([all, reason, hint]) => {
    expect(() => quorumWithout('1', managers(all))).toThrow(
      expect.objectContaining({
        code: 'quorum',
        message: expect.stringContaining(reason),
        hint: expect.stringContaining(hint),
      }),
    );
  });
});
