// Removes what drills left in an engine, found by label. What belongs to a run that still lives is left alone.
import type { Engine } from './engine/engine.ts';
import { isNotFound } from './engine/errors.ts';
import { reasonOf } from '../support/errors.ts';
import { connect } from './engine/connect.ts';
import { CACHE_LABEL, ownerIsAlive, OWNER_LABEL, RUN_LABEL } from './labels.ts';

/** Objects of ours by kind, by name. */
export type Ours = Record<'containers' | 'networks' | 'volumes', string[]>;

export interface Swept {
  readonly removed: Readonly<Record<string, number>>;
  /** What is still there, and why. */
  readonly skipped: readonly string[];
}

interface Found {
  readonly kind: keyof Ours;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly remove: () => Promise<unknown>;
}

async function find(engine: Engine, label: string): Promise<Found[]> {
  const filters = { label: [label] };
  const [containers, networks, volumes] = await Promise.all([
    engine.containers.list({ all: true, filters }),
    engine.networks.list(filters),
    engine.volumes.list(filters),
  ]);
  // In the order in which they can be removed.
  return [
    ...containers.map((found): Found => ({
      kind: 'containers',
      name: found.Names[0]?.slice(1) ?? found.Id,
      labels: found.Labels,
      remove: () => engine.containers.remove(found.Id),
    })),
    ...networks.map((found): Found => ({
      kind: 'networks',
      name: found.Name,
      labels: found.Labels ?? {},
      remove: () => engine.networks.remove(found.Id),
    })),
    ...volumes.map((found): Found => ({
      kind: 'volumes',
      name: found.Name,
      labels: found.Labels ?? {},
      remove: () => engine.volumes.remove(found.Name, { force: true }),
    })),
  ];
}

/** What a run (or one drill of it) has in the engine now. `label` is `key` or `key=value`. */
export async function ours(engine: Engine, label: string): Promise<Ours> {
  const result: Ours = { containers: [], networks: [], volumes: [] };
  for (const { kind, name } of await find(engine, label)) result[kind].push(name);
  return result;
}

/** @param options.all also what is kept between runs (the template volume), and what a kept run left */
export async function sweep(host: string, options: { readonly all: boolean }): Promise<Swept> {
  const engine = connect(host);
  const found = await find(engine, RUN_LABEL);
  if (options.all) found.push(...(await find(engine, CACHE_LABEL)));
  const removed: Record<string, number> = { containers: 0, networks: 0, volumes: 0 };
  const skipped: string[] = [];
  for (const { kind, name, labels, remove } of found) {
    const owner = labels[OWNER_LABEL];
    if (owner !== undefined && ownerIsAlive(owner)) {
      skipped.push(`${kind} ${name}: its run still lives (${owner})`);
      continue;
    }
    try {
      await remove();
      removed[kind] = (removed[kind] ?? 0) + 1;
    } catch (error) {
      if (!isNotFound(error)) skipped.push(`${kind} ${name}: ${reasonOf(error)}`);
    }
  }
  return { removed, skipped };
}
