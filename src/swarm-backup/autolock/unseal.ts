// Opens the key file of an autolocked manager, and returns the one that an engine without autolock would have. Only so can a new
// cluster be forced from it: an engine with a sealed key refuses, and an unlocked one waits for managers that are lost
// (https://github.com/moby/moby/issues/36852).
import { finding } from '../../support/errors.ts';
import { engineHeaders, formatKeyFile, openPrivateKey, parseKeyFile, unlockKeyBytes } from './key-file.ts';
import { openRaftKey, plainRaftKey, RAFT_KEYS } from './raft-key.ts';

/** Says that the raft key is to be replaced; its value is not encrypted. */
const NEEDS_ROTATION = 'raft-dek-needs-rotation';
/** The raft index of the change that set the unlock key; 0 when there is none. */
const VERSION = 'kek-version';

/**
 * Returns the text of the key file with nothing in it encrypted. It is as secret as the unlock key.
 * @throws DrillError `wrong-unlock-key`, `key-damaged`, `raft-key-damaged`, `raft-key-unknown`, `key-header-unknown`
 */
export function unsealKeyFile(text: string, unlockKey: string): string {
  const sealed = parseKeyFile(text);
  const privateKey = openPrivateKey(sealed, unlockKey);
  const headers = engineHeaders(sealed);
  requireKnownHeaders(headers);
  const kek = unlockKeyBytes(unlockKey);
  const plain = [...headers].map(([name, value]): [string, string] => [
    name,
    RAFT_KEYS.includes(name) ? plainRaftKey(openRaftKey(name, value, kek)) : value,
  ]);
  const { label, body } = parseKeyFile(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  return formatKeyFile({ label, body, headers: new Map([...plain, [VERSION, '0']]) });
}

/** A header of a later engine may be sealed, too, and an engine that can't read one of its raft keys makes a new, useless one. */
function requireKnownHeaders(headers: ReadonlyMap<string, string>): void {
  const unknown = [...headers.keys()].filter(
    (name) => ![...RAFT_KEYS, NEEDS_ROTATION, VERSION].includes(name),
  );
  if (unknown.length > 0)
    throw finding(`the node key has headers that swarm-drill does not know: ${unknown.join(', ')}`, {
      code: 'key-header-unknown',
      hint: 'Use a newer swarm-drill.',
    });
  if (!headers.has('raft-dek'))
    throw finding('the node key has no header raft-dek, without which no engine can read the raft log', {
      code: 'key-damaged',
      hint: 'Use another backup.',
    });
}
