// The results and the environment of the sample drills: the parts of a report that have no duration.
import type { ArtifactFact, Environment, NodePicture, ProofRow } from '../../../src/drill/events.ts';
import type { CoverageRow } from '../../../src/drill/coverage.ts';
import type { CheckResult } from '../../../src/model/check.ts';
import { JOURNAL_VERSION } from '../../../src/drill/events.ts';
import type { Recorder } from './recorder.ts';

const digest = (seed: string): string =>
  `sha256:${Array.from({ length: 64 }, (_, i) => ((seed.charCodeAt(i % seed.length) * (i + 7)) % 16).toString(16)).join('')}`;

export const DRILL_TEXT = `// Every node is lost at once. Only the off-site backup remains.
drill('total loss: the ledger comes back from the off-site backup', {
  topology: { managers: 3, workers: 2 },
  objectives: { rto: seconds(90), rpo: seconds(30) },
  disaster: ({ swarm }) => disasters.destroyAllNodes(swarm),
  // …
  verify: ({ restored, baseline }) => [
    checks.managersReachable(restored.swarm, 3),
    ledger.rowsMatch(restored.shop, baseline.rows),
  ],
});
`;

export const environment: Environment = {
  engine: 'Docker 26.1.5 (embedded lab)',
  nodeEngine: 'Docker 28.5.2',
  kernel: 'Linux 6.12.57',
  images: [
    { role: 'node', reference: 'docker:28.5.2-dind', digest: digest('node'), source: 'registry' },
    { role: 'postgres', reference: 'postgres:17.6-alpine', digest: digest('pg17'), source: 'registry' },
    {
      role: 'toolbox',
      reference: 'swarm-drill/toolbox:0.1.0',
      digest: digest('tool'),
      source: 'fixtures/toolbox',
    },
  ],
  tool: 'swarm-drill 0.1.0, Node.js v24.21.0',
  commit: '4f3de74c0b1a9d5e',
  lab: 'embedded: own network namespace, no default route',
};

export const artifact = (
  name: string,
  method: string,
  bytes: number,
  seconds: number,
  createdAt: string,
  limits: string[] = [],
): ArtifactFact => ({
  method,
  name,
  bytes,
  sha256: digest(name).slice(7),
  createdAt,
  encrypted: method === 'restic',
  seconds,
  stopped: method === 'swarmState' ? [{ what: 'engine of m1', seconds: 1.9 }] : [],
  limits,
  loses: [],
});

export function nodes(subnet: string): NodePicture[] {
  const node = (
    name: string,
    host: number,
    leader: boolean,
    labels: Record<string, string>,
    tasks: string[],
  ): NodePicture => ({
    name,
    role: name.startsWith('m') ? 'manager' : 'worker',
    address: `${subnet}.${host}`,
    engine: '26.1.5+dfsg1',
    leader,
    state: 'ready',
    labels,
    tasks,
  });
  return [
    node('m1', 2, true, { zone: 'a' }, []),
    node('m2', 3, false, { zone: 'b' }, ['ledger_web']),
    node('m3', 4, false, { zone: 'c' }, []),
    node('w1', 5, false, { zone: 'a', disk: 'ssd' }, ['ledger_database', 'ledger_web']),
    node('w2', 6, false, { zone: 'b' }, ['ledger_web', 'ledger_web', 'ledger_worker']),
  ];
}

const container = (name: string, id: string): ProofRow => ({
  what: `node ${name}`,
  id,
  before: 'running',
  after: 'gone',
});
export const proof: ProofRow[] = [
  container('m1', '6f1c0a9d2b7e'),
  container('m2', 'b07d31e85fa4'),
  container('m3', '2e94c7705d1b'),
  container('w1', 'd3a86bf0127c'),
  container('w2', '91e25c4fb6a8'),
  { what: 'volume ledger_data', id: 'c4f1e0d29b73', before: '41.2 MB', after: 'gone' },
];

const DEFAULTS = {
  required: true,
  mismatched: 0,
  differences: [],
  excluded: [],
  aspects: [],
  seconds: 0.4,
} as const;
const pass = (name: string, compared: number, detail: string, doesNotProve: string): CheckResult => ({
  ...DEFAULTS,
  name,
  result: 'pass',
  compared,
  detail,
  doesNotProve,
});

export const passes: CheckResult[] = [
  pass(
    'managers reachable',
    3,
    '3 of 3 managers are reachable, m1 leads',
    'that raft survives the next loss of a manager',
  ),
  pass(
    'inventory matches',
    31,
    '31 objects match the baseline',
    'the contents of volumes, which have separate checks',
  ),
  pass('tasks running', 7, '7 of 7 tasks are running and healthy', 'that they keep running after the drill'),
  pass(
    'mounted files match',
    4,
    '4 of 4 mounted secrets have the expected SHA-256',
    'that they were not read by anyone else',
  ),
  pass(
    'files match',
    1284,
    '1,284 files with the same SHA-256, owner and mode',
    'extended attributes, sparse blocks',
  ),
  pass(
    'sentinel from before the backup is present',
    1,
    'the random record written before the backup was read back',
    'that other records were restored',
  ),
];
export const sameRows = pass(
  'rows match',
  500,
  '500 of 500 rows match',
  'indexes and statistics, which are rebuilt',
);

export const failingRows: CheckResult = {
  ...sameRows,
  result: 'fail',
  mismatched: 3,
  detail: '3 of 500 rows differ',
  differences: [
    'entry 117: amount 2500 <> 2050',
    'entry 342: missing',
    'entry 498: memo "café <b>round</b> & friends" <> "caf? <b>round</b> & friends"',
  ],
  seconds: 1.8,
};

export const unproven: CheckResult[] = [
  {
    ...DEFAULTS,
    name: 'overlay traffic is encrypted',
    result: 'unproven',
    required: false,
    compared: 0,
    detail: 'not testable here: the kernel has no xfrm module',
    doesNotProve: 'who holds the keys',
    seconds: 0.1,
  },
];

const row = (object: string, count: number | null, checkedBy: string[], reason = ''): CoverageRow => ({
  object,
  count,
  checkedBy,
  reason,
  excluded: object === 'volume contents' ? ['files match: uploads/probes (11)'] : [],
});
export const coverage: CoverageRow[] = [
  row('services', 3, ['inventory matches', 'tasks running']),
  row('networks', 2, ['inventory matches']),
  row('secrets', 4, ['inventory matches', 'mounted files match']),
  row('configs', 2, ['inventory matches']),
  row('node labels', 6, ['inventory matches']),
  row('volumes', 2, ['files match', 'rows match']),
  row('plugins', 0, [], 'the workload installs none'),
  row('registry logins', null, [], 'a login is stored in the client that made it, not in the swarm'),
];

export function recordPlan(journal: Recorder, name: string, title: string, rtoSeconds: number): void {
  journal.record(0, {
    event: 'plan',
    journal: JOURNAL_VERSION,
    name,
    title,
    file: `drills/${name}.drill.ts`,
    text: DRILL_TEXT,
    topology: { managers: 3, workers: 2 },
    objectives: { rtoSeconds, rpoSeconds: 30 },
    subject: null,
    seed: '8c1f2e',
    size: 'small',
    tags: ['nightly'],
    rerunCommand: `npm run drill -- ${name} --seed 8c1f2e`,
    at: journal.at(0),
    pid: 4711,
  });
}
