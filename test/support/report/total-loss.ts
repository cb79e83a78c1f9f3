// A total loss that has everything: nested and parallel steps, waits, and checks with all three results.
import type { JournalEvent } from '../../../src/drill/events.ts';
import {
  artifact,
  coverage,
  environment,
  failingRows,
  nodes,
  passes,
  proof,
  sameRows,
  recordPlan,
  unproven,
} from './facts.ts';
import { Recorder } from './recorder.ts';

const ids = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => `w${String(from + i).padStart(4, '0')}`);

export interface TotalLoss {
  readonly recovered: boolean;
}

export function totalLossSample({ recovered }: TotalLoss): JournalEvent[] {
  const journal = new Recorder('2026-11-23T02:15:07.120Z');
  recordPlan(journal, 'total-loss', 'total loss: the ledger comes back from the off-site backup', 90);
  journal.phase(0.004, 'plan');
  upToTheDisaster(journal);
  restore(journal);
  verify(journal, recovered);
  teardown(journal);
  return journal.events();
}

function upToTheDisaster(journal: Recorder): void {
  journal.phase(0.02, 'provision');
  journal.step('start the lab', 0.02, 4.31, { waits: { 0.4: 'engine: no answer on its socket yet' } });
  const nodesUp = journal.step('start 5 nodes', 4.31, 13.92);
  for (const [i, name] of ['m1', 'm2', 'm3', 'w1', 'w2'].entries())
    journal.step(`start ${name}`, 4.33 + i * 0.02, 11.4 + i * 0.61, {
      parent: nodesUp,
      waits: { [5.2 + i * 0.1]: `${name}: dockerd does not answer yet` },
    });
  journal.step('form the swarm', 13.93, 18.04, { waits: { 15.2: 'managers: 2 reachable, waiting for 3' } });
  journal.record(18.05, { event: 'environment', environment });

  journal.phase(18.06, 'seed');
  const deploy = journal.step('deploy the stack "ledger"', 18.06, 27.6);
  journal.step('create 4 secrets and 2 configs', 18.07, 19.02, { parent: deploy });
  journal.step('tasks become healthy', 19.03, 27.59, {
    parent: deploy,
    waits: { 19.1: 'tasks: 0 of 7 running', 23.8: 'tasks: 6 of 7 running, ledger_database.1 is starting' },
  });
  journal.step('append 500 entries', 27.61, 29.9);
  for (let batch = 0; batch < 5; batch++)
    journal.record(28 + batch * 0.4, { event: 'written', ids: ids(batch * 100 + 1, batch * 100 + 100) });
  journal.step('hash the baseline', 29.91, 31.4, { harness: true });
  journal.record(31.41, { event: 'topology', when: 'before', nodes: nodes('10.214.0') });

  journal.phase(31.42, 'backup');
  journal.step('back up the swarm state of m1', 31.43, 34.12, { waits: { 31.9: 'm1: dockerd is stopping' } });
  journal.step('restic backup ledger_files', 34.13, 37.55);
  journal.step('pg_dump ledger_database', 34.14, 36.02);
  const limits = ['Transactions that were open during the dump are not included.'];
  const kept = [
    artifact('swarm-state.tar', 'swarmState', 1_884_160, 2.69, journal.at(34.1), [
      'The unlock key is needed when autolock is on.',
      'The restored manager starts a new cluster: the addresses of the old managers are lost.',
    ]),
    artifact('ledger_database.dump', 'pgDump', 61_733, 1.88, journal.at(36), limits),
    artifact('ledger_files', 'restic', 43_201_877, 3.42, journal.at(37.5)),
  ];
  for (const [i, item] of kept.entries())
    journal.record([34.12, 36.02, 37.55][i] ?? 0, { event: 'artifact', artifact: item });

  journal.phase(37.6, 'drift');
  for (let batch = 0; batch < 4; batch++)
    journal.record(39 + batch * 2.5, { event: 'written', ids: ids(501 + batch * 5, 505 + batch * 5) });

  journal.phase(47.8, 'disaster');
  journal.step('destroy every node', 47.81, 49.37);
  journal.record(49.38, { event: 'proof', rows: proof });
  journal.record(49.4, { event: 'mark', mark: 'disaster', at: journal.at(49.4) });
}

function restore(journal: Recorder): void {
  journal.phase(49.42, 'restore');
  const first = journal.step('start a swarm from swarm-state.tar', 49.43, 61.72);
  journal.step('start m1', 49.44, 55.9, {
    parent: first,
    waits: { 50.1: 'm1: dockerd does not answer yet' },
  });
  journal.step('restore the raft state', 55.91, 57.3, {
    parent: first,
    command: { on: 'm1', line: 'tar -xf swarm-state.tar -C /var/lib/docker' },
  });
  journal.step('force a new cluster', 57.31, 61.71, {
    parent: first,
    waits: { 57.9: 'raft: no leader yet', 60.2: 'raft: m1 leads, 2 dead members still listed' },
    command: {
      on: 'm1',
      line: 'docker swarm init --force-new-cluster --advertise-addr 10.215.0.11 --listen-addr 0.0.0.0:2377',
    },
  });
  const join = journal.step('join 2 managers and 2 workers', 61.73, 70.24);
  for (const [i, name] of ['m2', 'm3', 'w1', 'w2'].entries())
    journal.step(`start and join ${name}`, 61.74 + i * 0.02, 68.9 + i * 0.4, {
      parent: join,
      command: {
        on: name,
        line: `docker swarm join --token <${name.startsWith('m') ? 'manager' : 'worker'} token> 10.215.0.11:2377`,
      },
    });
  journal.step('restic restore ledger_files', 70.25, 74.02, {
    command: {
      on: 'w2',
      line: 'restic restore 4f0c2e9b --target /var/lib/docker/volumes/ledger_files/_data',
    },
  });
  journal.step('restore node labels', 70.26, 70.9, {
    command: { on: 'm1', line: 'docker node update --label-add disk=ssd w1' },
  });
  const database = journal.step('restore the database', 74.03, 85.66);
  journal.step('ledger_database runs', 74.04, 82.9, {
    parent: database,
    waits: {
      74.2: 'task ledger_database.1: pending, no suitable node (constraint node.labels.disk == ssd)',
      78.6: 'task ledger_database.1: preparing, image postgres:17.6-alpine is not here yet',
      81.1: 'task ledger_database.1: starting, health check has not passed',
    },
  });
  journal.step('pg_restore', 82.91, 85.65, {
    parent: database,
    command: { on: 'w1', line: 'pg_restore --clean --if-exists --dbname ledger <ledger_database.dump' },
  });

  journal.phase(85.67, 'first-response');
  journal.step('write and read through the client', 85.68, 87.91, {
    waits: { 85.7: 'ledger: connection refused', 87.2: 'ledger: 503, web is starting' },
  });
  journal.record(87.92, { event: 'mark', mark: 'first-response', at: journal.at(87.92) });
  journal.record(87.93, { event: 'topology', when: 'after', nodes: nodes('10.215.0') });
}

function verify(journal: Recorder, recovered: boolean): void {
  journal.phase(87.94, 'verify');
  journal.record(88.6, { event: 'surviving', ids: ids(1, 500) });
  const checks = [...passes, recovered ? sameRows : failingRows, ...unproven];
  let t = 88.7;
  for (const check of checks) {
    journal.step(`check: ${check.name}`, t, t + check.seconds + 0.3);
    t += check.seconds + 0.31;
    journal.record(t, { event: 'check', check });
  }
  journal.record(t + 0.01, { event: 'coverage', rows: coverage });
  journal.record(t + 0.02, { event: 'mark', mark: 'proven', at: journal.at(t + 0.02) });
}

function teardown(journal: Recorder): void {
  journal.phase(97, 'teardown');
  journal.step('collect logs', 97.01, 99.2, { harness: true });
  for (const node of ['m1', 'm2', 'm3', 'w1', 'w2'])
    journal.record(99.1, { event: 'log', node, file: `logs/${node}.log`, bytes: 48_211 });
  journal.step('remove nodes', 99.21, 102.6, { harness: true });
  journal.step('stop the lab', 102.61, 104.3, { harness: true });
  journal.record(104.31, {
    event: 'cleanup',
    cleanup: {
      before: { containers: 5, networks: 2, volumes: 7 },
      after: { containers: 0, networks: 0, volumes: 0 },
      leaked: [],
      errors: [],
    },
  });
  journal.record(104.32, { event: 'harness', busySeconds: 2.41 });
  journal.record(104.33, { event: 'end', at: journal.at(104.33) });
}
