// What an administrator rotates, and what every backup and every runbook with the old value does not know: the certificate authority, the
// unlock key, the join tokens.
import type { Aftermath } from '../model/disaster.ts';
import { usage } from '../support/errors.ts';
import { sha256 } from '../support/sha256.ts';
import type { Swarm } from '../swarm/swarm.ts';
import { causeIrreversible } from './cause.ts';
import { witnessSecret } from './witness-secret.ts';

/**
 * Replaces the root certificate, as `docker swarm ca --rotate` does, and waits until every node has a certificate of the new one: for
 * ever if one is down.
 * @throws DrillError `command-failed` if the swarm refuses it
 */
export const rotateAuthority = (swarm: Swarm): Promise<Aftermath<Swarm>> =>
  causeIrreversible(
    {
      name: 'rotate the certificate authority',
      witnesses: [
        {
          what: 'root certificate',
          id: 'ca',
          async look() {
            const { TLSInfo } = await (await swarm.manager()).engine.swarm.inspect();
            return { state: `digest ${sha256(TLSInfo.TrustRoot).slice(0, 12)}` };
          },
        },
      ],
      // The command waits for the end of the rotation.
      cause: () => onManager(swarm, ['docker', 'swarm', 'ca', '--rotate', '--quiet']),
    },
    swarm,
  );

/** Replaces the key that unlocks restarted managers. @throws DrillError `usage` if the swarm is not autolocked */
export async function rotateUnlockKey(swarm: Swarm): Promise<Aftermath<Swarm>> {
  const read = async (): Promise<string> => (await swarm.manager()).engine.swarm.unlockKey();
  if ((await read()) === '')
    throw usage(
      'rotateUnlockKey: the swarm is not autolocked',
      'Lock it first: docker swarm update --autolock',
    );
  return causeIrreversible(
    {
      name: 'rotate the unlock key',
      witnesses: [witnessSecret('unlock key', read)],
      cause: () => onManager(swarm, ['docker', 'swarm', 'unlock-key', '--rotate', '--quiet']),
    },
    swarm,
  );
}

/** Replaces the tokens with which nodes join. */
export const rotateJoinTokens = (swarm: Swarm): Promise<Aftermath<Swarm>> =>
  causeIrreversible(
    {
      name: 'rotate the join tokens',
      witnesses: (['Manager', 'Worker'] as const).map((role) =>
        witnessSecret(
          `join token for a ${role.toLowerCase()}`,
          async () => (await (await swarm.manager()).engine.swarm.inspect()).JoinTokens[role],
        ),
      ),
      cause: async () => {
        for (const role of ['manager', 'worker'])
          await onManager(swarm, ['docker', 'swarm', 'join-token', '--rotate', '--quiet', role]);
      },
    },
    swarm,
  );

/** Its output may be the secret: it is dropped. */
async function onManager(swarm: Swarm, argv: readonly string[]): Promise<void> {
  await (await swarm.manager()).exec(argv);
}
