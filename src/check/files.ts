// The files of a volume against the baseline: content and all metadata, entry by entry.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DrillError } from '../support/errors.ts';
import type { Node } from '../swarm/node.ts';
import type { Check } from './check.ts';

/** By path, the entry as manifest.py tells it. */
export type Manifest = ReadonlyMap<string, string>;

interface Place {
  readonly node: Node;
  readonly name: string;
}

/** @param excluded prefixes of paths that are not looked at */
export async function readManifest(
  { node, name }: Place,
  excluded: readonly string[] = [],
): Promise<Manifest> {
  const running = await node.toolbox({
    argv: ['python3', '-c', readFileSync(join(import.meta.dirname, 'manifest.py'), 'utf8'), ...excluded],
    volumes: { [name]: '/data:ro' },
  });
  const manifest = new Map<string, string>();
  for await (const line of createInterface({ input: running.io })) {
    const { path, ...rest } = JSON.parse(line) as { path: unknown };
    manifest.set(typeof path === 'string' ? path : JSON.stringify(path), JSON.stringify(rest));
  }
  const exitCode = await running.exitCode();
  if (exitCode !== 0)
    throw new DrillError(`reading the files ended with exit code ${exitCode}`, {
      code: 'manifest',
      node: node.name,
      output: running.stderr(),
    });
  return manifest;
}

/** Compares content, type, mode with its set-uid bits, owner, times to the nanosecond, link targets, which names are one file, attributes and ACLs, and holes. */
export const sameFiles = (
  place: () => Promise<Place>,
  baseline: Manifest,
  excluded: readonly string[] = [],
): Check => ({
  name: 'same files',
  required: true,
  doesNotProve: 'access and change times, which no archive brings back',
  covers: ['volume contents'],
  async look() {
    const now = await readManifest(await place(), excluded);
    const differences: string[] = [];
    for (const [path, before] of baseline) {
      const after = now.get(path);
      if (after === undefined) differences.push(`${path} is missing`);
      else if (after !== before) differences.push(`${path}: ${changes(before, after)}`);
    }
    for (const path of now.keys()) if (!baseline.has(path)) differences.push(`${path} was not there before`);
    // An empty volume has its root directory, and nothing else.
    return { compared: baseline.size > 1 ? baseline.size : 0, differences };
  },
});

function changes(before: string, after: string): string {
  const [was, is] = [JSON.parse(before), JSON.parse(after)] as [
    Record<string, unknown>,
    Record<string, unknown>,
  ];
  return Object.keys({ ...was, ...is })
    .filter((key) => JSON.stringify(was[key]) !== JSON.stringify(is[key]))
    .map((key) => `${key} was ${JSON.stringify(was[key])}, is ${JSON.stringify(is[key])}`)
    .join('; ');
}
