// Drills on two engines: one on a socket, one behind ssh. An engine that dies takes its own drill along and nothing else.
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { join } from 'node:path';
import { workloadImages } from '../../fixtures/images/recipes.ts';
import { cacheDirectory } from '../../src/lab/image/cache.ts';
import { openEmbedded } from '../../src/lab/embedded.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { parseJournal, selectEvents } from '../../src/report/journal-reader.ts';
import { childrenOf, firstProcess } from '../support/processes.ts';
import { DrillRun } from '../support/drill-run.ts';
import { SshServer } from '../support/ssh-server.ts';

const embedded = inject('lab').kind === 'embedded';
const DRILLS = ['single-manager', 'methods.valkey-rdb'] as const;

let labs: Lab[] = [];
let server: SshServer;
let addresses: readonly string[];
beforeAll(async () => {
  if (!embedded) return;
  labs = [await openEmbedded({ images: workloadImages }), await openEmbedded({ images: workloadImages })];
  server = await SshServer.start();
  const [near, far] = labs.map(({ host }) => host) as [string, string];
  addresses = [near, far.replace('unix://', `ssh://root@127.0.0.1:${server.port}`)];
});
afterAll(async () => {
  for (const lab of labs) await lab[Symbol.asyncDispose]();
  if (embedded) await server[Symbol.asyncDispose]();
});

/** The directory of an embedded lab is named in its address. */
const homeOf = ({ host }: Lab): string =>
  join(cacheDirectory(), 'running', /running\/([^/]+)/.exec(host)?.[1] ?? 'none');

test.runIf(embedded)(
  'an engine that dies makes its drill inconclusive, the other one runs to its end',
  async () => {
    await using run = await DrillRun.start(
      { PATH: `${server.bin}:${process.env['PATH']}` },
      ...DRILLS,
      ...addresses.flatMap((address) => ['--engine', address]),
      ...['--jobs', '2'],
    );
    const places = new Map<string, string>();
    for (const drill of DRILLS) {
      const journal = await run.journalWith(drill, '"event":"environment"');
      const { events } = parseJournal(journal);
      const engine = selectEvents(events, 'environment')[0]?.environment.engine;
      places.set(drill, addresses.find((one) => engine?.includes(`(${one})`)) ?? 'unknown');
    }
    expect([...places.values()].sort()).toEqual([...addresses].sort());
    const lost = DRILLS.find((drill) => places.get(drill)?.startsWith('ssh:')) ?? DRILLS[0];
    const other = DRILLS.find((drill) => drill !== lost) ?? DRILLS[1];
    await run.journalWith(lost, '"phase":"backup"');
    const inside = await childrenOf(await firstProcess(homeOf(labs[1] as Lab)));
    process.kill(inside.find(({ name }) => name === 'dockerd')?.pid as number, 'SIGKILL');
    const { exitCode, stdout } = await run.program;
    expect(exitCode, stdout).toBe(2);
    expect(stdout).toContain(`the engine at ${addresses[1]} gets no more drills`);
    expect(await run.report(lost)).toMatchObject({ verdict: 'inconclusive', complete: true });
    const { verdict, environment, sideBySide } = await run.report(other);
    expect({ verdict, engine: environment?.engine }).toEqual({
      verdict: 'recovered',
      engine: expect.stringContaining(addresses[0] ?? '') as string,
    });
    // Both engines are on this machine.
    expect(sideBySide?.intervals.some(({ others }) => others.includes(lost))).toBe(true);
  },
);
