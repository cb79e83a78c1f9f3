// The end of a run: logs first, then clean-up, then a count of what is left. A step that fails never hides the drill's own result.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { seconds, utcNow } from '../support/clock.ts';
import { reasonOf } from '../support/errors.ts';
import { step } from '../support/trace.ts';
import { findKnownCauses } from './known-causes.ts';
import type { RunContext } from './runtime.ts';

/** The name of its log: no node is called so. */
const LAB_ENGINE = 'lab-engine';

/** Of each clean-up step. */
const BUDGET = seconds(60);

export async function tearDown(run: RunContext): Promise<void> {
  const { drill, runtime, options, journal, scope } = run;
  journal.write({ event: 'phase', phase: 'teardown', at: utcNow() });
  const errors: string[] = [];
  const tolerate = async <T>(what: Promise<T>, otherwise: T): Promise<T> =>
    what.catch((error: unknown) => {
      errors.push(reasonOf(error));
      return otherwise;
    });
  const countLeftovers = (name: string) =>
    tolerate(
      step(name, () => runtime.leftovers(drill.name), { harness: true }),
      {},
    );
  await tolerate(
    step('collect logs', () => collectLogs(run), { harness: true }),
    undefined,
  );
  const before = await countLeftovers('count what is there');
  if (options.keep) {
    const shellCommand = await tolerate(runtime.shellCommand(drill.name), 'see swarm-drill doctor');
    const counts = countsOf(before);
    journal.write({
      event: 'cleanup',
      cleanup: {
        before: counts,
        after: counts,
        leaked: [],
        errors,
        shellCommand,
        removeCommand: runtime.removeCommand,
      },
    });
    return;
  }
  errors.push(...(await step('empty the lab', () => scope.close(BUDGET))).map(reasonOf));
  const after = await countLeftovers('count what is left');
  const leaked = Object.values(after).flat();
  journal.write({
    event: 'cleanup',
    cleanup: { before: countsOf(before), after: countsOf(after), leaked, errors },
  });
}

const countsOf = (names: Readonly<Record<string, readonly string[]>>): Record<string, number> =>
  Object.fromEntries(Object.entries(names).map(([kind, list]) => [kind, list.length]));

/** Writes what every node and the lab's engine have logged so far into the report's directory; a node that the disaster destroys takes its log along. */
export async function collectLogs({
  runtime,
  journal,
  site,
  logged,
  named,
  options: { dir },
}: RunContext): Promise<void> {
  await mkdir(join(dir, 'logs'), { recursive: true });
  const engineLog = await runtime.engineLog();
  const logs = [
    ...((await site?.logs()) ?? []),
    ...(engineLog === undefined ? [] : [{ name: LAB_ENGINE, text: engineLog }]),
  ];
  const origin = Date.now() - journal.now() * 1000;
  const toDrillTime = (utc: number): number => Number(((utc - origin) / 1000).toFixed(3));
  for (const { name, text } of logs) {
    const file = `logs/${name}.log`;
    await writeFile(join(dir, file), text);
    for (const cause of findKnownCauses(name, text, toDrillTime)) {
      // What this node has logged before its disaster is in its log again.
      const key = `${name} ${cause.name} ${cause.to.toFixed(1)}`;
      if (!named.has(key)) journal.write({ event: 'cause', cause });
      named.add(key);
    }
    if (logged.has(name)) continue;
    logged.add(name);
    journal.write({ event: 'log', node: name, file, bytes: Buffer.byteLength(text) });
  }
}
