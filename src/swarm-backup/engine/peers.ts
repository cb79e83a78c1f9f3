// Whether other managers of a swarm live: asked at the port that managers open to each other, where a certificate says whose it is.
import type { Duplex } from 'node:stream';
import { connect, type PeerCertificate } from 'node:tls';
import { z } from 'zod';
import { type Seconds, seconds } from '../../support/clock.ts';
import { reasonOf } from '../../support/errors.ts';
import type { Manager } from './manager.ts';

export interface Peer {
  readonly id: string;
  /** E.g. `10.0.0.2:2377`. */
  readonly address: string;
}

/** What a peer is: a manager of the cluster that was asked for, or why it was not found to be one. */
export type PeerStatus = Peer &
  ({ readonly lives: true } | { readonly lives: false; readonly reason: string });

const listed = z.array(z.object({ node_id: z.string(), addr: z.string() }));

/** How long a machine that is there may take to greet. */
export const GREETING_LIMIT: Seconds = seconds(5);

/** The managers that a node knew, out of its `state.json`; none when that can't be read. */
export function parsePeers(state: string | undefined): Peer[] {
  try {
    return listed
      .parse(JSON.parse(state ?? '[]'))
      .map(({ node_id, addr }) => ({ id: node_id, address: addr }));
  } catch {
    return [];
  }
}

/** Asks each of `peers`, once for each address, whether it is a manager of the cluster `clusterId`. */
export function probePeers(
  manager: Manager,
  peers: readonly Peer[],
  clusterId: string,
): Promise<PeerStatus[]> {
  const byAddress = new Map(peers.map((peer) => [peer.address, peer]));
  return Promise.all(
    [...byAddress.values()].map(async (peer): Promise<PeerStatus> => {
      try {
        const { subject } = await fetchCertificate(manager, peer.address);
        // Not whether its CA is ours: that may have been rotated since, and the cluster's id never is.
        return subject.O === clusterId && subject.OU === 'swarm-manager'
          ? { ...peer, id: String(subject.CN), lives: true }
          : { ...peer, lives: false, reason: 'who answers there is no manager of it' };
      } catch (error) {
        return { ...peer, lives: false, reason: reasonOf(error) };
      }
    }),
  );
}

async function fetchCertificate(manager: Manager, address: string): Promise<PeerCertificate> {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replaceAll(/[[\]]/g, '');
  return readCertificate(await manager.dial(host, Number(address.slice(colon + 1))));
}

async function readCertificate(connection: Duplex): Promise<PeerCertificate> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  const late = setTimeout(
    () => reject(new Error(`no greeting within ${GREETING_LIMIT} s`)),
    GREETING_LIMIT * 1000,
  );
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
