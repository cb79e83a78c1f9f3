// Trouble in the middle of a transfer to a real vault, at a moment that is sure to be in the middle: the vault's end is held once some
// of the data are there, and let go when the work has ended.
import type { Vault } from '../../src/vault/vault.ts';
import { DrillError } from '../../src/support/errors.ts';
import { traced } from '../../src/support/trace.ts';

export interface Trouble {
  readonly name: string;
  /** Before the work begins. */
  readonly prepare?: (vault: Vault) => Promise<unknown>;
  /** Half-way. */
  readonly strike?: (vault: Vault, stop: AbortController) => Promise<void>;
  /** Makes it good again. */
  readonly end?: (vault: Vault) => Promise<unknown>;
  /** What the work must end with. */
  readonly told: object;
}

/** Bytes of the disk of a vault for these tests, and of the data that go there. */
export const CAPACITY = 128 << 20;
export const MEBIBYTES = 64;

/** What the signal of a person who presses Ctrl-C gives as its reason. */
const STOPPED = new DrillError('stopped by a signal', { code: 'stopped' });

/** @param words matches the output of the finding */
const finding = (code: string, words: RegExp): object => ({ blame: 'finding', code, output: words });

export const TROUBLES: readonly Trouble[] = [
  {
    name: 'the vault is full',
    prepare: (vault) => vault.host.exec(['sh', '-c', 'head -c 96M /dev/zero >/vault/ballast']),
    end: (vault) => vault.host.exec(['rm', '/vault/ballast']),
    told: finding('vault-full', /no space left/i),
  },
  {
    name: 'the vault is cut off',
    strike: (vault) => vault.host.disconnect(),
    end: (vault) => vault.host.reconnect(),
    told: finding('vault-unreachable', /ssh|connection|timeout|broken pipe/i),
  },
  {
    name: 'a person presses Ctrl-C',
    strike: async (_, stop) => stop.abort(STOPPED),
    told: { code: 'stopped', blame: 'harness', message: 'stopped by a signal' },
  },
];

const SILENT = { stepStarted: () => undefined, stepEnded: () => undefined, waiting: () => undefined };

/** Lets `work` run into the trouble. @returns what it ended with */
export async function inTrouble(
  { prepare, strike, end }: Trouble,
  vault: Vault,
  work: () => Promise<unknown>,
  /** Looked at while the data are held up. */
  midway: () => Promise<void>,
): Promise<unknown> {
  const stop = new AbortController();
  await prepare?.(vault);
  const ended = traced(SILENT, stop.signal, work).then(
    () => new Error('expected trouble, and it succeeded'),
    (error: unknown) => error,
  );
  let begun = !strike;
  try {
    if (strike) {
      const tooEarly = ended.then((cause) => Promise.reject(new Error('it ended too early', { cause })));
      tooEarly.catch(() => undefined);
      await Promise.race([hold(vault), tooEarly]);
      await midway();
      begun = true;
      await strike(vault, stop);
    }
    return await ended;
  } finally {
    await letGo(vault);
    if (begun) await end?.(vault);
    await ended;
  }
}

/** Waits until some of what is being sent is there, and holds up the rest. */
export const hold = (vault: Vault): Promise<unknown> => vault.host.exec(['sh', '-euc', HOLD]);

export const letGo = (vault: Vault): Promise<unknown> => vault.host.exec(['sh', '-euc', LET_GO]);

/** Everything that runs for the user whom streams come as: also the end of the connection, so that its buffer fills. */
const SIGNAL_ALL = `
  signal_all() {
    for process in /proc/[0-9]*; do
      if [ "$(stat -c %U "$process" 2>&1)" = stream ]; then kill "$1" "\${process#/proc/}" || true; fi
    done
  }`;
const HOLD = `${SIGNAL_ALL}
  used() { du -sk /vault/stream | cut -f1; }
  start=$(used)
  for try in $(seq 6000); do
    if [ $(($(used) - start)) -ge 2048 ]; then signal_all -STOP; exit; fi
    sleep 0.01
  done
  echo 'nothing arrived' >&2; exit 1`;
const LET_GO = `${SIGNAL_ALL}
  signal_all -CONT`;
