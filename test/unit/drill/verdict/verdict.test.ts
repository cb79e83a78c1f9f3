import { describe, expect, test } from 'vitest';
import type { CheckResult } from '../../../../src/model/check.ts';
import { exitCode, judge, worstOf, type VerdictFacts } from '../../../../src/drill/verdict/verdict.ts';

const check = (more: Partial<CheckResult> = {}): CheckResult => ({
  name: 'same rows',
  result: 'pass',
  required: true,
  compared: 500,
  mismatched: 0,
  detail: '500 of 500 rows are the same',
  differences: [],
  doesNotProve: '',
  excluded: [],
  aspects: [],
  seconds: 1,
  ...more,
});
const gone = { what: 'node m1', id: '6f1c', before: 'running', after: 'gone' };
const good: VerdictFacts = {
  objectives: { rtoSeconds: 90, rpoSeconds: 30 },
  actual: {
    rtaSeconds: 31.2,
    rpaSeconds: 12,
    rpaIsLowerBound: false,
    acknowledgedWrites: 520,
    lostWrites: 20,
    lostBeforeBackup: 0,
  },
  checks: [check()],
  failures: [],
  disaster: true,
  proof: [gone],
  cleanup: { before: {}, after: {}, leaked: [], errors: [] },
  cutOff: null,
  damagedLines: 0,
};
const actual = good.actual;
const failed = check({ result: 'fail', detail: '3 of 500 rows differ' });
const skipped = check({ name: 'mail', result: 'unproven', detail: 'no mail server here' });
const leak = { before: {}, after: { volumes: 1 }, leaked: ['volume x'], errors: [] };

describe('a drill is', () => {
  test.each<[string, Partial<VerdictFacts>, string, string]>([
    [
      'recovered when nothing speaks against it',
      {},
      'recovered',
      'recovered in 31.2 s of 90 s allowed; 20 acknowledged writes lost, all from after the backup began',
    ],
    [
      'recovered with objectives met exactly',
      { actual: { ...actual, rtaSeconds: 90, rpaSeconds: 30, lostWrites: 0 } },
      'recovered',
      'no acknowledged write lost',
    ],
    [
      'recovered when a check that is not required is unproven',
      { checks: [check(), check({ result: 'unproven', required: false })] },
      'recovered',
      'recovered in',
    ],
    [
      'not recovered when a check fails',
      { checks: [check(), failed] },
      'not-recovered',
      'check "same rows" failed: 3 of 500 rows differ',
    ],
    [
      'not recovered when a check that is not required fails',
      { checks: [check(), { ...failed, required: false }] },
      'not-recovered',
      'check "same rows" failed',
    ],
    [
      'not recovered when the restore failed',
      { failures: [{ phase: 'restore', blame: 'finding', reason: 'archive is damaged' }], checks: [] },
      'not-recovered',
      'restore failed: archive is damaged',
    ],
    [
      'not recovered when the RTO is missed',
      { actual: { ...actual, rtaSeconds: 90.4 } },
      'not-recovered',
      'RTO missed: RTA is 1 min 30.4 s, 90 s allowed',
    ],
    [
      'not recovered when the RPO is missed',
      { actual: { ...actual, rpaSeconds: 31 } },
      'not-recovered',
      'RPO missed: RPA is 31.0 s, 30 s allowed',
    ],
    [
      'not recovered when every write is lost, however short the drill was',
      { actual: { ...actual, rpaSeconds: 15.3, rpaIsLowerBound: true, lostWrites: 520 } },
      'not-recovered',
      'RPO missed: RPA is everything lost, at least 15.3 s, 30 s allowed',
    ],
    [
      'not recovered when the first write is lost and others are not',
      { actual: { ...actual, rpaSeconds: 15.3, rpaIsLowerBound: true } },
      'not-recovered',
      'RPO missed: RPA is at least 15.3 s, 30 s allowed',
    ],
    [
      'inconclusive when the harness failed',
      { failures: [{ phase: 'provision', blame: 'harness', reason: 'no engine' }], cutOff: 'in provision' },
      'inconclusive',
      'the harness stopped in provision: no engine',
    ],
    [
      'inconclusive when an objective was not measured',
      { actual: { ...actual, rtaSeconds: null } },
      'inconclusive',
      'RTO of 90 s is open',
    ],
    [
      'inconclusive when a required check is unproven',
      { checks: [check(), skipped] },
      'inconclusive',
      'required check "mail" is unproven: no mail server here',
    ],
    ['inconclusive without any check', { checks: [] }, 'inconclusive', 'no check has run to its end'],
    [
      'inconclusive without a disaster',
      { disaster: false },
      'inconclusive',
      'the disaster did not take hold: it was never reached',
    ],
    ['inconclusive without proof of the disaster', { proof: [] }, 'inconclusive', 'there is no proof of it'],
    [
      'inconclusive when something outlived the disaster',
      { proof: [gone, { ...gone, what: 'node m2', after: 'running' }] },
      'inconclusive',
      '1 of 2 objects are unchanged, first node m2',
    ],
    [
      'inconclusive when the journal stops early',
      { cutOff: 'in restore' },
      'inconclusive',
      'the journal stops in restore',
    ],
    [
      'inconclusive when the journal is damaged',
      { damagedLines: 2 },
      'inconclusive',
      "2 lines of the journal can't be read",
    ],
    [
      'inconclusive when clean-up leaks',
      { cleanup: leak },
      'inconclusive',
      'clean-up left 1 object, first volume x',
    ],
    [
      'recovered when what is left was kept on purpose',
      { cleanup: { ...leak, shellCommand: 'docker exec …' } },
      'recovered',
      'recovered in',
    ],
    [
      'recovered without objectives',
      {
        objectives: { rtoSeconds: null, rpoSeconds: null },
        actual: { ...actual, rtaSeconds: null, lostWrites: null },
      },
      'recovered',
      'recovered; 1 check passed',
    ],
  ])('%s', (_, facts, verdict, reason) => {
    const answer = judge({ ...good, ...facts });
    expect(answer.verdict).toBe(verdict);
    expect(answer.reason).toContain(reason);
  });

  test('not recovered, even if more is unclear, with the number of further failures', () => {
    const answer = judge({ ...good, checks: [failed, failed, skipped], cleanup: leak });
    expect(answer).toEqual({
      verdict: 'not-recovered',
      reason: 'check "same rows" failed: 3 of 500 rows differ (and 1 more)',
    });
  });
});

test('the worst of several drills is the verdict of a run, and of none it is inconclusive', () => {
  expect(worstOf(['recovered', 'inconclusive', 'not-recovered'])).toBe('not-recovered');
  expect(worstOf(['recovered', 'inconclusive'])).toBe('inconclusive');
  expect(worstOf(['recovered'])).toBe('recovered');
  expect(worstOf([])).toBe('inconclusive');
});

test('exit codes are 0, 1 and 2', () => {
  expect((['recovered', 'not-recovered', 'inconclusive'] as const).map(exitCode)).toEqual([0, 1, 2]);
});
