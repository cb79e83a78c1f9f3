// The network of a site: internal, without a route out, with fixed addresses.
import type { Labels } from '../lab/engine/api.ts';
import type { Engine } from '../lab/engine/engine.ts';
import { DrillError, reasonOf } from '../support/errors.ts';
import type { NodeIdentity, NodeRole } from './node/container.ts';

const FIRST_ADDRESS: Readonly<Record<NodeRole, number>> = { manager: 11, worker: 31 };
const GATEWAY = 250;
const HELPER = 251;

/** The addresses of a subnet `a.b.c.0/24`. A node keeps its address in every swarm of the site: forced initialisation needs the old one. */
export class SiteAddresses {
  readonly #prefix: string;
  readonly #assigned = new Map<string, string>();
  readonly #next = { ...FIRST_ADDRESS };

  /** @param prefix `a.b.c` */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  of({ name, role }: NodeIdentity): string {
    const address = this.#assigned.get(name) ?? `${this.#prefix}.${this.#next[role]++}`;
    this.#assigned.set(name, address);
    return address;
  }

  /** Gives the node another address, in this swarm and every later one. @returns it */
  change(node: NodeIdentity): string {
    this.#assigned.delete(node.name);
    return this.of(node);
  }

  /** Gives the node that address again. */
  restore({ name }: NodeIdentity, address: string): void {
    this.#assigned.set(name, address);
  }

  get gateway(): string {
    return `${this.#prefix}.${GATEWAY}`;
  }

  /** Of the volume helper, which connects to nodes as a machine of the same network does. */
  get helper(): string {
    return `${this.#prefix}.${HELPER}`;
  }
}

/**
 * Creates the network in the first free subnet of 172.31.240.0/20, which engines inside the nodes don't use: their bridges are 172.17
 * and 172.18, their overlays 10.0.0.0/8.
 * @throws DrillError `no-subnet`
 */
export async function createSiteNetwork(
  engine: Engine,
  name: string,
  labels: Labels,
): Promise<SiteAddresses> {
  const refusals: string[] = [];
  for (let third = 240; third < 256; third++) {
    const prefix = `172.31.${third}`;
    try {
      await engine.networks.create({
        Name: name,
        Driver: 'bridge',
        Internal: true,
        Labels: labels,
        IPAM: { Config: [{ Subnet: `${prefix}.0/24` }] },
      });
      return new SiteAddresses(prefix);
    } catch (error) {
      refusals.push(`${prefix}.0/24: ${reasonOf(error)}`);
    }
  }
  throw new DrillError(`no subnet is free for the drill: ${refusals.join('; ')}`, {
    code: 'no-subnet',
    hint: 'Remove networks that overlap 172.31.240.0/20.',
  });
}
