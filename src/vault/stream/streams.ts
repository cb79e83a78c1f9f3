// Streams at the vault: compressed and encrypted before they travel, kept when the vault has said that it has, byte for byte, what was
// sent. What the program itself reads goes through the gateway; what a program beside a volume prints goes from there.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { sendInput, outputOf, type ProcessOutput } from '../../lab/engine/process.ts';
import { finding, type DrillError } from '../../support/errors.ts';
import { currentSignal, withSignal } from '../../support/trace.ts';
import type { Account } from '../../model/account.ts';
import { FAILURES, classifyExit, type FailureKind } from '../failures.ts';
import type { ContainerCommand } from '../../model/method.ts';
import type { AccessMode } from '../backend.ts';
import type { VaultHost } from '../host/host.ts';
import type { KeyRing } from '../keys.ts';

export interface StoredFile {
  /** As it lies in the vault. */
  readonly bytes: number;
  readonly sha256: string;
}

const script = (name: string): string => readFileSync(join(import.meta.dirname, name), 'utf8');
const SEND = script('send.sh');
const BRING = script('receive.sh');

const CONFIG = '/run/keys/config';
const IDENTITY = '/run/keys/identity';
const IDENTITY_BESIDE = 'run/vault/identity';
/** How long giving up what is half there may take. */
const DROP_MS = 15_000;

export class Streams {
  readonly #host: VaultHost;
  readonly #keys: KeyRing;
  readonly #account: (side: AccessMode) => Promise<Account>;

  /** @param account lets a program beside a volume in */
  constructor(host: VaultHost, keys: KeyRing, account: (side: AccessMode) => Promise<Account>) {
    this.#host = host;
    this.#keys = keys;
    this.#account = account;
  }

  /** Two keys at the gateway: one that can add to the vault, one that can read it. */
  async prepare(): Promise<void> {
    const config = (['append', 'read'] as const).map(
      (side) =>
        `Host ${side}\n  HostName vault\n  User stream\n  HostKeyAlias vault\n  IdentityFile /run/keys/${side}\n  IdentitiesOnly yes\n  ` +
        `UserKnownHostsFile /run/keys/known_hosts\n  StrictHostKeyChecking yes\n  BatchMode yes\n  LogLevel INFO\n  ConnectTimeout 10\n  ` +
        `ServerAliveInterval 5\n  ServerAliveCountMax 2\n`,
    );
    await this.#host.writeFile(CONFIG, config.join(''));
    await this.#host.writeFile('/run/keys/known_hosts', `${this.#host.hostKey}\n`);
    for (const side of ['append', 'read'] as const)
      await this.#host.writeFile(
        `/run/keys/${side}`,
        await this.#host.authorizeKey('stream', `vault-command ${side}`),
      );
  }

  /** Lets the gateway decrypt. @throws DrillError `key-lost` */
  async unlock(): Promise<void> {
    await this.#host.writeFile(IDENTITY, this.#keys.identity);
  }

  /** @throws DrillError a finding when the vault does not take it whole; what breaks `content` */
  store(name: string, content: Readable): Promise<StoredFile> {
    return this.#keeping(name, async () => {
      const argv = ['bash', '-c', SEND, 'send', CONFIG, 'append', name, this.#keys.recipient];
      const sending = await this.#host.runInGateway(argv);
      const [stdout] = await Promise.all([text(sending.io), sendInput(sending, content)]);
      return storedOf(name, { stdout, stderr: sending.stderr(), exitCode: await sending.exitCode() });
    });
  }

  /** The same of what `end` prints, without a detour through this program. @throws also DrillError `<program>-failed` */
  pipeFrom(name: string, end: ContainerCommand): Promise<StoredFile> {
    return this.#keeping(name, async () => {
      const { files } = await this.#account('append');
      const words = ['/run/vault/config', 'vault', name, this.#keys.recipient];
      const ended = await this.#beside(end, [SEND, 'send', ...words], files);
      return storedOf(name, ended, end);
    });
  }

  async #keeping(name: string, send: () => Promise<StoredFile>): Promise<StoredFile> {
    try {
      const stored = await send();
      await this.#atDoor('append', ['keep', name]);
      return stored;
    } catch (error) {
      // Also when the work is told to stop: what is half there takes room. A vault that is out of reach sees to it by itself.
      await withSignal(AbortSignal.timeout(DROP_MS), () => this.#atDoor('append', ['drop', name])).catch(
        () => undefined,
      );
      throw error;
    }
  }

  /** The file as it was put. A stream that breaks ends with an error, never early. */
  fetch(name: string): Readable {
    const open = () =>
      this.#host.runInGateway(['bash', '-c', BRING, 'bring', CONFIG, 'read', name, IDENTITY]);
    return Readable.from(
      (async function* () {
        const fetching = await open();
        fetching.io.end();
        for await (const chunk of fetching.io) yield chunk as Buffer;
        const exitCode = await fetching.exitCode();
        if (exitCode !== 0) throw notBrought(name, { stderr: fetching.stderr(), exitCode });
      })(),
      { objectMode: false },
    );
  }

  /** The same as the input of `end`, without a detour through this program. @throws also DrillError `<program>-failed` */
  async pipeTo(name: string, end: ContainerCommand): Promise<void> {
    const { files } = await this.#account('read');
    const keys = { ...files, [IDENTITY_BESIDE]: this.#keys.identity };
    const words = ['/run/vault/config', 'vault', name, `/${IDENTITY_BESIDE}`];
    const ended = await this.#beside(end, [BRING, 'bring', ...words], keys);
    if (ended.exitCode !== 0) throw notBrought(name, ended, end);
  }

  #beside({ node, argv, volumes }: ContainerCommand, words: readonly string[], files: Account['files']) {
    const env = { LC_ALL: 'C', TZ: 'UTC' };
    return node.tools({ argv: ['bash', '-c', ...words, ...argv], volumes, files, env }).then(outputOf);
  }

  /** What the vault has under that name. @throws DrillError when it does not say */
  async measure(name: string): Promise<StoredFile> {
    const [bytes = '', sha256 = ''] = (await this.#atDoor('read', ['sum', name])).trim().split(' ');
    return { bytes: Number(bytes), sha256 };
  }

  async #atDoor(side: AccessMode, words: readonly string[]): Promise<string> {
    const asking = await this.#host.runInGateway(['ssh', '-n', '-F', CONFIG, side, ...words]);
    const { stdout, stderr, exitCode } = await outputOf(asking);
    if (exitCode === 0) return stdout;
    const otherwise =
      String(exitCode) === SSH_FAILED ? FAILURES.unreachable : GONE.test(stderr) ? MISSING : FAILURES.refused;
    throw failed(`the vault did not ${words.join(' ')}`, { stderr, exitCode }, otherwise);
  }
}

const GONE = /no such file or directory/i;
const MISSING: FailureKind = { ...FAILURES.damaged, reason: 'the vault does not have it' };
const WRONG_KEY: FailureKind = {
  code: 'wrong-key',
  reason: 'this key does not open it',
  hint: 'take the key that the vault was opened with when the backup was made, from where the keys are kept',
};
const CUT: FailureKind = { ...FAILURES.damaged, reason: 'it ends early, or is not what was encrypted' };

type Ended = Pick<ProcessOutput, 'stderr' | 'exitCode'>;

/** A finding with what the exit code of a signal, or the words, mean. */
function failed(what: string, { stderr, exitCode }: Ended, otherwise: FailureKind): DrillError {
  const { code, reason, hint } = classifyExit({ name: 'vault', failures: {} }, exitCode, stderr, {
    otherwise,
  });
  return finding(`${what}: ${reason}`, { code, hint, output: stderr });
}

/** What ssh ends with when it failed itself, and not what it ran. */
const SSH_FAILED = '255';

/** Which part of a pipe failed, and with which exit code. */
const FAILED = /^failed (vault|program|packing|unpacking) (\d+)$/m;

function programFailed({ argv: [program = ''], node }: ContainerCommand, exitCode: string, output: string) {
  return finding(`${program} ended with exit code ${exitCode}`, {
    code: `${program}-failed`,
    node: node.name,
    output,
  });
}

function storedOf(name: string, ended: ProcessOutput, end?: ContainerCommand): StoredFile {
  currentSignal().throwIfAborted();
  const [, bytes, sha256] = /^(\d+) ([0-9a-f]{64})$/m.exec(ended.stdout) ?? [];
  if (bytes !== undefined && sha256 !== undefined) return { bytes: Number(bytes), sha256 };
  const [, part, exitCode = ''] = FAILED.exec(ended.stdout) ?? [];
  if (end && part === 'program') throw programFailed(end, exitCode, ended.stderr);
  const otherwise = exitCode === SSH_FAILED ? FAILURES.unreachable : FAILURES.refused;
  throw failed(`the vault did not take ${name}`, ended, otherwise);
}

function notBrought(
  name: string,
  { stderr: said, exitCode: ended }: Ended,
  end?: ContainerCommand,
): DrillError {
  currentSignal().throwIfAborted();
  const [, part, exitCode = ''] = FAILED.exec(said) ?? [];
  const stderr = said.replace(FAILED, '');
  if (end && part === 'program') return programFailed(end, exitCode, stderr);
  const otherwise =
    part === 'vault' && exitCode === SSH_FAILED ? FAILURES.unreachable : meaningOfLast(stderr);
  return failed(`the artifact ${name} can't be read`, { stderr, exitCode: ended }, otherwise);
}

function meaningOfLast(words: string): FailureKind {
  if (/no identity matched/.test(words)) return WRONG_KEY;
  return GONE.test(words) ? MISSING : CUT;
}
