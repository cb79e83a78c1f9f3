// Makes a transfer to a real vault fail, surely in the middle: the vault's side is paused once it has some of the data, and resumed when
// the work has ended.
import type { Vault } from '../../src/vault/vault.ts';
import { DrillError } from '../../src/support/errors.ts';
import { withTrace } from '../../src/support/trace.ts';

export interface Trouble {
  readonly name: string;
  /** Runs before the work. */
  readonly prepare?: (vault: Vault) => Promise<unknown>;
  /** Runs half-way. */
  readonly strike?: (vault: Vault, stop: AbortController) => Promise<void>;
  /** Repairs the vault. */
  readonly end?: (vault: Vault) => Promise<unknown>;
  /** Matches the error that the work must end with. */
  readonly expected: object;
}

/** Size of the vault's disk in bytes. */
export const CAPACITY = 128 << 20;
/** Size of the data. */
export const MEBIBYTES = 64;

/** The signal's reason when a user presses Ctrl-C. */
const STOPPED = new DrillError('stopped by a signal', { code: 'stopped' });

const finding = (code: string, output: RegExp): object => ({ blame: 'finding', code, output });

export const TROUBLES: readonly Trouble[] = [
  {
    name: 'the vault is full',
    prepare: (vault) => vault.host.exec(['sh', '-c', 'head -c 96M /dev/zero >/vault/ballast']),
    end: (vault) => vault.host.exec(['rm', '/vault/ballast']),
    expected: finding('vault-full', /no space left/i),
  },
  {
    name: 'the vault is unreachable',
    strike: (vault) => vault.host.disconnect(),
    end: (vault) => vault.host.reconnect(),
    expected: finding('vault-unreachable', /ssh|connection|timeout|broken pipe/i),
  },
  {
    name: 'Ctrl-C is pressed',
    strike: async (_, stop) => stop.abort(STOPPED),
    expected: { code: 'stopped', blame: 'harness', message: 'stopped by a signal' },
  },
];

const SILENT = { stepStarted: () => undefined, stepEnded: () => undefined, waiting: () => undefined };

/** Runs `work` into the trouble. Returns the error that it ends with. */
export async function runIntoTrouble(
  { prepare, strike, end }: Trouble,
  vault: Vault,
  work: () => Promise<unknown>,
  /** Runs while the transfer is paused. */
  midway: () => Promise<void>,
): Promise<unknown> {
  const stop = new AbortController();
  await prepare?.(vault);
  const ended = withTrace(SILENT, stop.signal, work).then(
    () => new Error('expected a failure, and it succeeded'),
    (error: unknown) => error,
  );
  let begun = !strike;
  try {
    if (strike) {
      const tooEarly = ended.then((cause) => Promise.reject(new Error('it ended too early', { cause })));
      tooEarly.catch(() => undefined);
      await Promise.race([pauseTransfer(vault), tooEarly]);
      await midway();
      begun = true;
      await strike(vault, stop);
    }
    return await ended;
  } finally {
    await resumeTransfer(vault);
    if (begun) await end?.(vault);
    await ended;
  }
}

/** Waits until some of the data has arrived, then pauses the transfer. */
export const pauseTransfer = (vault: Vault): Promise<unknown> => vault.host.exec(['sh', '-euc', HOLD]);

export const resumeTransfer = (vault: Vault): Promise<unknown> => vault.host.exec(['sh', '-euc', LET_GO]);

/** Signals every process of the user of the streams: also the server of the connection, so that its buffer fills. */
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
