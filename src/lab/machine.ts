// The machine under an engine: what it has left decides how many drills run on it side by side.
import { availableParallelism, loadavg } from 'node:os';
import { connect } from './engine/connect.ts';
import type { Engine } from './engine/engine.ts';
import { outputOf } from './engine/process.ts';
import { imageReference } from './image/images.ts';
import { OWNER_LABEL, ownerOf, RUN_LABEL } from './labels.ts';
import type { LabFacts } from './lab.ts';

export interface Machine {
  /** The same for every engine on it. */
  readonly name: string;
  readonly cores: number;
  /** Memory that programs can get without swapping, in bytes. */
  readonly availableBytes: number;
  /** Processes that ran or waited for a core, as a mean over the last minute. */
  readonly load: number;
}

/** An embedded lab is on this machine; another engine is asked, since it may be in a virtual machine or far away. */
export async function measureMachine(lab: LabFacts): Promise<Machine> {
  const engine = connect(lab.host);
  const { Name: name, NCPU } = await engine.info();
  if (lab.kind === 'engine') return { name, cores: NCPU, ...parseProc(await readProc(lab, engine)) };
  const [load = 0] = loadavg();
  // Both know the limits that a container or a cgroup sets.
  return { name, cores: availableParallelism(), availableBytes: process.availableMemory(), load };
}

/** Containers see the memory and the load of their machine there. */
async function readProc(lab: LabFacts, engine: Engine): Promise<string> {
  const container = await engine.containers.create({
    Image: imageReference(lab, 'tools'),
    Entrypoint: ['cat', '/proc/meminfo', '/proc/loadavg'],
    Labels: { [RUN_LABEL]: 'measure', [OWNER_LABEL]: ownerOf(process.pid) },
    HostConfig: { NetworkMode: 'none' },
  });
  try {
    return (await outputOf(await engine.containers.startAttached(container))).stdout;
  } finally {
    await engine.containers.remove(container);
  }
}

/** @param text of /proc/meminfo and /proc/loadavg: see proc_meminfo(5) and proc_loadavg(5) */
export function parseProc(text: string): Pick<Machine, 'availableBytes' | 'load'> {
  const kibibytes = /^MemAvailable:\s+(\d+) kB$/m.exec(text)?.[1];
  const load = /^([\d.]+) [\d.]+ [\d.]+ \d+\/\d+ \d+$/m.exec(text)?.[1];
  if (kibibytes === undefined || load === undefined)
    throw new Error(`expected the memory and the load of the machine, got: ${text.slice(0, 200)}`);
  return { availableBytes: Number(kibibytes) * 1024, load: Number(load) };
}
