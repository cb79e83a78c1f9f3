// Causes of waits, found in lines that engines have logged. Engine 26.1.5, except where a test says otherwise.
import { describe, expect, test } from 'vitest';
import { findKnownCauses } from '../../../src/drill/known-causes.ts';

/** The drill of these lines began at this time. */
const BEGAN = Date.parse('2026-11-26T06:31:52.690Z');
const find = (...lines: string[]) =>
  findKnownCauses('manager-2', `${lines.join('\n')}\n`, (utc) => Math.round(utc - BEGAN) / 1000);

const RAFT = 'module=raft node.id=ucmg6a7qb2oxvih6v6ppu8h9v';
const CANNOT = `time="2026-11-26T06:32:33.312055624Z" level=warning msg="4531ff8280e467f5 cannot campaign at term 2 since there are still 2 pending configuration changes to apply" ${RAFT}`;
const ELECTION = `time="2026-11-26T06:32:43.275687510Z" level=info msg="4531ff8280e467f5 is starting a new election at term 2" ${RAFT}`;
const LEADER = `time="2026-11-26T06:32:43.277012263Z" level=info msg="4531ff8280e467f5 became leader at term 3" ${RAFT}`;
const LOST = `time="2026-11-26T06:33:36.276595782Z" level=info msg="raft.node: 31d0361192024e5f lost leader 4531ff8280e467f5 at term 4" ${RAFT}`;
const ELECTED = `time="2026-11-26T06:33:36.284926566Z" level=info msg="raft.node: 31d0361192024e5f elected leader 31d0361192024e5f at term 4" ${RAFT}`;

describe('raft', () => {
  test('that could not elect at once waits from then until it leads', () => {
    expect(find(CANNOT, ELECTION, LEADER)).toEqual([
      {
        node: 'manager-2',
        name: "raft's election time-out: it could not elect at once, since membership changes were not applied yet",
        link: 'https://github.com/moby/moby/issues/24077',
        from: 40.622,
        to: 50.587,
      },
    ]);
  });

  test('of a manager that finds another leader waited for no election', () => {
    // A manager that was restarted while another one leads.
    const follows = `time="2026-11-26T06:33:40.279170144Z" level=info msg="raft.node: 4531ff8280e467f5 elected leader 31d0361192024e5f at term 4" ${RAFT}`;
    expect(find(CANNOT, follows)).toEqual([]);
  });

  test('of a new swarm, which elects at once, has no known cause', () => {
    const first = `time="2026-11-26T06:31:59.789461285Z" level=info msg="764cc765fc6277ad is starting a new election at term 1" ${RAFT}`;
    expect(find(first, LEADER)).toEqual([]);
  });

  test('that lost its leader has waited for 20 s at most', () => {
    const [cause] = find(LOST, ELECTED);
    expect(cause).toMatchObject({
      link: 'https://github.com/moby/swarmkit/issues/2549',
      from: 83.586,
      to: 103.594,
    });
  });

  test('with another leader only minutes later waited for something else', () => {
    const later = ELECTED.replace('06:33:36', '06:35:36');
    expect(find(LOST, later)).toEqual([]);
  });
});

test('names the peer whose bulk sync timed out, and the 30 s before', () => {
  const [cause] = find(
    'time="2026-11-26T06:33:18.903305900Z" level=error msg="Bulk sync to node 75120ef8df34 timed out"',
  );
  expect(cause).toMatchObject({
    link: 'https://github.com/moby/moby/issues/47396',
    from: 56.213,
    to: 86.213,
  });
  expect(cause?.name).toContain('75120ef8df34');
});

test.each([
  ['26.1', 'Container failed to exit within 20s of signal 2 - using the force" container=9d55c030b633', 20],
  ['20.10', 'Container 679813472f3d failed to exit within 10 seconds of signal 15 - using the force"', 10],
])('reads the stop grace period that engine %s logs', (_engine, message, limit) => {
  const [cause] = find(`time="2026-11-26T06:33:18.903305900Z" level=info msg="${message}`);
  expect(cause?.name).toBe(`stop grace period: a container ignored its stop signal for ${limit} s`);
  expect((cause?.to ?? 0) - (cause?.from ?? 0)).toBeCloseTo(limit, 3);
});

test('joins look-ups of an image that follow each other', () => {
  const lookUp = (second: string): string =>
    `time="2026-11-26T06:33:${second}.903436000Z" level=info msg="Attempting next endpoint for pull after error: Get \\"https://registry-1.docker.io/v2/\\": dial tcp: i/o timeout"`;
  expect(find(lookUp('18'), lookUp('28'), lookUp('40'))).toMatchObject([{ from: 71.213, to: 108.213 }]);
});

test('finds nothing in a log without times, or without such lines', () => {
  expect(
    find('Bulk sync to node 75120ef8df34 timed out', 'time="soon" msg="Bulk sync to node a timed out"'),
  ).toEqual([]);
  expect(find(ELECTION, ELECTED)).toEqual([]);
});
