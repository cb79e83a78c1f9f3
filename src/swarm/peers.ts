// Probes other managers of a swarm, at the port that managers open to each other: the TLS certificate names node and cluster.
import type { Duplex } from 'node:stream';
import { connect, type PeerCertificate } from 'node:tls';
import { z } from 'zod';
import { type Seconds, seconds } from '../support/clock.ts';
import { reasonOf } from '../support/errors.ts';
import type { Node } from './node/node.ts';

/** The machine from which managers are probed. */
export interface Prober {
  /** Connects to a port of another machine. @throws when nothing accepts the connection */
  dial(address: string, port: number): Promise<Duplex>;
}

export interface Peer {
  readonly id: string;
  /** E.g. `10.0.0.2:2377`. */
  readonly address: string;
}

/** Whether a running manager of the cluster answers, or why it is not known to. */
export type PeerStatus = Peer &
  ({ readonly alive: true } | { readonly alive: false; readonly reason: string });

const listed = z.array(z.object({ node_id: z.string(), addr: z.string() }));

/** How long a machine may take to answer. */
export const GREETING_LIMIT: Seconds = seconds(5);

/** The managers in a node's `state.json`; none when it can't be parsed. */
export function parsePeers(state: string | undefined): Peer[] {
  try {
    return listed
      .parse(JSON.parse(state ?? '[]'))
      .map(({ node_id, addr }) => ({ id: node_id, address: addr }));
  } catch {
    return [];
  }
}

/** Probes each address once for a manager of the cluster `clusterId`. @param limit for each answer, in seconds */
export function probePeers(
  prober: Prober,
  peers: readonly Peer[],
  clusterId: string,
  limit = GREETING_LIMIT,
): Promise<PeerStatus[]> {
  const byAddress = new Map(peers.map((peer) => [peer.address, peer]));
  return Promise.all(
    [...byAddress.values()].map(async (peer): Promise<PeerStatus> => {
      try {
        const { subject } = await fetchCertificate(prober, peer.address, limit);
        // Its CA is not compared: it may have been rotated since, while the cluster's id never changes.
        return subject.O === clusterId && subject.OU === 'swarm-manager'
          ? { ...peer, id: String(subject.CN), alive: true }
          : { ...peer, alive: false, reason: 'something else answers there' };
      } catch (error) {
        return { ...peer, alive: false, reason: reasonOf(error) };
      }
    }),
  );
}

/** Returns the id of the cluster of the manager at `address` (`10.0.0.2:2377`). @throws when none answers */
export const readClusterId = async (
  prober: Prober,
  address: string,
  limit = GREETING_LIMIT,
): Promise<string> => String((await fetchCertificate(prober, address, limit)).subject.O);

/** Returns the host of an address with a port: `10.0.0.2` of `10.0.0.2:2377`, without the brackets of IPv6. */
export const hostOf = (address: string): string =>
  address.slice(0, address.lastIndexOf(':')).replaceAll(/[[\]]/g, '');

/** Returns the addresses at which a node looks for the managers of its swarm, without the port. */
export const knownManagers = async ({ engine }: Pick<Node, 'engine'>): Promise<string[]> =>
  ((await engine.info()).Swarm.RemoteManagers ?? []).map(({ Addr }) => hostOf(Addr));

async function fetchCertificate(prober: Prober, address: string, limit: Seconds): Promise<PeerCertificate> {
  const port = Number(address.slice(address.lastIndexOf(':') + 1));
  return readCertificate(await prober.dial(hostOf(address), port), limit);
}

async function readCertificate(connection: Duplex, limit: Seconds): Promise<PeerCertificate> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  const late = setTimeout(() => reject(new Error(`no answer within ${limit} s`)), limit * 1000);
  const secured = connect({ socket: connection, rejectUnauthorized: false }, () => resolve(undefined));
  secured.once('error', reject).once('close', () => reject(new Error('the connection was closed')));
  try {
    await promise;
    return secured.getPeerCertificate();
  } finally {
    clearTimeout(late);
    secured.destroy();
    connection.destroy();
  }
}
