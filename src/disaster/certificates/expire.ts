// Certificates of nodes that have expired, as on a machine that was switched off for months, or in a backup of that age. The clock of the
// machine is not touched: the certificates are signed again, by the swarm's own authority, for a time that is over.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Reversible } from '../../model/disaster.ts';
import { seconds, type Seconds } from '../../support/clock.ts';
import type { Node } from '../../swarm/node/node.ts';
import type { Swarm } from '../../swarm/swarm.ts';
import { causeReversible, type Sighting } from '../cause.ts';
import { findTargets, namesOf, type Targets } from '../targets.ts';
import type { CertificateAuthority } from './authority.ts';

const EXPIRE = readFileSync(join(import.meta.dirname, 'expire.sh'), 'utf8');
const DAY = 24 * 60 * 60;
/** How long Docker's certificates are valid. */
const VALIDITY = 90 * DAY;

/** Options of `expireCertificates`. */
export interface ExpireOptions {
  /** From `takeOverAuthority`, which has to run while the swarm is well. */
  readonly authority: CertificateAuthority;
  /** How long ago they expired. Default one day. */
  readonly ago?: Seconds;
}

/**
 * Expires the certificates on the disks of nodes. A running engine has its own in memory and goes on: the certificate is met by the next
 * start of the engine, or by the restore of a copy that is taken now. `undo` puts the valid ones back.
 */
export async function expireCertificates(
  swarm: Swarm,
  targets: Targets,
  { authority, ago = seconds(DAY) }: ExpireOptions,
): Promise<Reversible<Swarm>> {
  const nodes = findTargets(swarm, targets, 'expireCertificates');
  const end = Date.now() - ago * 1000;
  const ends = [end - VALIDITY * 1000, end].map(toGeneralizedTime);
  // In the helper's own file system: it goes with the drill.
  const kept = `/tmp/certificate-${randomBytes(4).toString('hex')}`;
  return causeReversible(
    {
      name: `expire the certificates of ${namesOf(nodes)}`,
      witnesses: nodes.map((node) => ({
        what: `certificate of ${node.name}`,
        id: node.name,
        look: () => lookAtCertificate(swarm, node),
      })),
      async cause() {
        for (const node of nodes)
          await onDisk(swarm, node, ['sh', '-c', EXPIRE, 'expire'], {
            arguments: [...ends, `${kept}-${node.name}`],
            input: `${authority.certificate}${authority.key}`,
          });
      },
      async reverse() {
        for (const node of nodes)
          await onDisk(swarm, node, ['sh', '-c', 'cat "$2" >"$1/swarm-node.crt"', 'restore'], {
            arguments: [`${kept}-${node.name}`],
          });
      },
    },
    swarm,
  );
}

/** Runs a program with the directory of the node's certificates as its first argument; the node may run or not. */
function onDisk(
  swarm: Swarm,
  node: Node,
  argv: readonly string[],
  { arguments: rest, input }: { readonly arguments: readonly string[]; readonly input?: string },
): Promise<string> {
  const { path } = swarm.site.volumeHelper(node.volume);
  const all = [...argv, `${path}/swarm/certificates`, ...rest];
  return swarm.site.execInVolumeHelper(all, input === undefined ? {} : { input });
}

const LOOK = 'openssl x509 -in "$1/swarm-node.crt" -noout -enddate -dateopt iso_8601';

async function lookAtCertificate(swarm: Swarm, node: Node): Promise<Sighting> {
  const output = await onDisk(swarm, node, ['sh', '-c', LOOK, 'look'], { arguments: [] });
  const end = output.trim().replace('notAfter=', '');
  return {
    state: Date.parse(end.replace(' ', 'T')) < Date.now() ? 'expired' : 'valid',
    detail: `until ${end}`,
  };
}

/** `20260131235959Z`. */
const toGeneralizedTime = (time: number): string =>
  `${new Date(time).toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}Z`;
