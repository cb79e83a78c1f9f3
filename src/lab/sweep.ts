// Removes what drills left in an engine, found by label, except what belongs to a running process.
import type { Engine } from './engine/engine.ts';
import { isNotFound } from './engine/errors.ts';
import { reasonOf } from '../support/errors.ts';
import { connect } from './engine/connect.ts';
import { CACHE_LABEL, ownerIsAlive, OWNER_LABEL, RUN_LABEL } from './labels.ts';

export type NamesByKind = Record<'containers' | 'networks' | 'volumes', string[]>;

export interface SweepResult {
  readonly removed: Readonly<Record<string, number>>;
  /** What was not removed, and why. */
  readonly skipped: readonly string[];
}

interface LabelledObject {
  readonly kind: keyof NamesByKind;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly remove: () => Promise<unknown>;
}

async function find(engine: Engine, ...label: string[]): Promise<LabelledObject[]> {
  const filters = { label };
  const [containers, networks, volumes] = await Promise.all([
    engine.containers.list({ all: true, filters }),
    engine.networks.list(filters),
    engine.volumes.list(filters),
  ]);
  // In the order in which they can be removed.
  return [
    ...containers.map((found): LabelledObject => ({
      kind: 'containers',
      name: found.Names[0]?.slice(1) ?? found.Id,
      labels: found.Labels,
      remove: () => engine.containers.remove(found.Id),
    })),
    ...networks.map((found): LabelledObject => ({
      kind: 'networks',
      name: found.Name,
      labels: found.Labels ?? {},
      remove: () => engine.networks.remove(found.Id),
    })),
    ...volumes.map((found): LabelledObject => ({
      kind: 'volumes',
      name: found.Name,
      labels: found.Labels ?? {},
      remove: () => engine.volumes.remove(found.Name, { force: true }),
    })),
  ];
}

/** Returns what an engine has with all of these labels, each `key` or `key=value`. */
export async function findLabelled(engine: Engine, ...labels: string[]): Promise<NamesByKind> {
  const result: NamesByKind = { containers: [], networks: [], volumes: [] };
  for (const { kind, name } of await find(engine, ...labels)) result[kind].push(name);
  return result;
}

/** Removes what an engine has with all of these labels. @returns the reasons why something was not removed */
export async function removeLabelled(engine: Engine, ...labels: string[]): Promise<string[]> {
  const errors: string[] = [];
  for (const { kind, name, remove } of await find(engine, ...labels))
    await remove().catch((error: unknown) => {
      if (!isNotFound(error)) errors.push(`${kind} ${name}: ${reasonOf(error)}`);
    });
  return errors;
}

/** @param options.all also removes what is kept between runs (the template volume), and what a run with --keep left */
export async function sweep(host: string, options: { readonly all: boolean }): Promise<SweepResult> {
  const engine = connect(host);
  const found = await find(engine, RUN_LABEL);
  if (options.all) found.push(...(await find(engine, CACHE_LABEL)));
  const removed: Record<string, number> = { containers: 0, networks: 0, volumes: 0 };
  const skipped: string[] = [];
  for (const { kind, name, labels, remove } of found) {
    const owner = labels[OWNER_LABEL];
    if (owner !== undefined && ownerIsAlive(owner)) {
      skipped.push(`${kind} ${name}: its run is still active (${owner})`);
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
