// Streams to and from the vault. They are compressed and encrypted before they leave, and kept only after the vault has confirmed the
// SHA-256 of what it received. What this program reads passes through the gateway; what a container prints goes directly from its node.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { sendInput, outputOf, type ProcessOutput } from '../../lab/engine/process.ts';
import { lastLine } from '../../support/command-reason.ts';
import { finding, type DrillError } from '../../support/errors.ts';
import { currentSignal, withSignal } from '../../support/trace.ts';
import type { Account } from '../../model/account.ts';
import { FAILURES, classifyExit, type FailureKind } from '../failures.ts';
import type { ContainerCommand } from '../../model/method.ts';
import type { AccessMode } from '../backend.ts';
import type { VaultHost } from '../host/host.ts';
import type { KeyRing } from '../keys.ts';
import { sshConfig } from '../ssh-config.ts';

export interface StoredFile {
  /** As stored: compressed and encrypted. */
  readonly bytes: number;
  readonly sha256: string;
}

const script = (name: string): string => readFileSync(join(import.meta.dirname, name), 'utf8');
const SEND = script('send.sh');
const RECEIVE = script('receive.sh');

const MODES = ['append', 'read'] as const;
const CONFIG = '/run/keys/config';
const IDENTITY = '/run/keys/identity';
const NODE_IDENTITY = 'run/vault/identity';
/** How long the removal of an incomplete file may take. */
const DROP_MS = 15_000;

export class Streams {
  readonly #host: VaultHost;
  readonly #keys: KeyRing;
  readonly #account: (mode: AccessMode) => Promise<Account>;

  /** @param account opens the account that containers on nodes send and receive with */
  constructor(host: VaultHost, keys: KeyRing, account: (mode: AccessMode) => Promise<Account>) {
    this.#host = host;
    this.#keys = keys;
    this.#account = account;
  }

  /** Gives the gateway two keys: one that can add to the vault, one that can read it. */
  async prepare(): Promise<void> {
    const config = MODES.map((mode) =>
      sshConfig({
        alias: mode,
        address: 'vault',
        user: 'stream',
        identity: `/run/keys/${mode}`,
        knownHosts: '/run/keys/known_hosts',
      }),
    );
    await this.#host.writeFile(CONFIG, config.join(''));
    await this.#host.writeFile('/run/keys/known_hosts', `${this.#host.hostKey}\n`);
    for (const mode of MODES)
      await this.#host.writeFile(
        `/run/keys/${mode}`,
        await this.#host.authorizeKey('stream', `vault-command ${mode}`),
      );
  }

  /** Gives the gateway the key to decrypt with. @throws DrillError `key-lost` */
  async unlock(): Promise<void> {
    await this.#host.writeFile(IDENTITY, this.#keys.identity);
  }

  /** Stores `content`. @throws DrillError with blame `finding` unless the vault stored all of it; the error that ends `content` */
  store(name: string, content: Readable): Promise<StoredFile> {
    return this.#keeping(name, async () => {
      const argv = ['bash', '-c', SEND, 'send', CONFIG, 'append', name, this.#keys.recipient];
      const sending = await this.#host.runInGateway(argv);
      const [stdout] = await Promise.all([text(sending.io), sendInput(sending, content)]);
      return storedOf(name, { stdout, stderr: sending.stderr(), exitCode: await sending.exitCode() });
    });
  }

  /** Stores what `command` prints, directly from its node. @throws DrillError also `<program>-failed` */
  pipeFrom(name: string, command: ContainerCommand): Promise<StoredFile> {
    return this.#keeping(name, async () => {
      const { files } = await this.#account('append');
      const words = ['/run/vault/config', 'vault', name, this.#keys.recipient];
      const ended = await this.#runSidecar(command, [SEND, 'send', ...words], files);
      return storedOf(name, ended, command);
    });
  }

  async #keeping(name: string, send: () => Promise<StoredFile>): Promise<StoredFile> {
    try {
      const stored = await send();
      await this.#runVaultCommand('append', ['keep', name]);
      return stored;
    } catch (error) {
      // Also when the drill is stopped: an incomplete file takes space. A vault that can't be reached removes it itself.
      await withSignal(AbortSignal.timeout(DROP_MS), () =>
        this.#runVaultCommand('append', ['drop', name]),
      ).catch(() => undefined);
      throw error;
    }
  }

  /** Returns the file as it was stored. A stream that breaks ends with an error, never early. */
  fetch(name: string): Readable {
    const open = () =>
      this.#host.runInGateway(['bash', '-c', RECEIVE, 'receive', CONFIG, 'read', name, IDENTITY]);
    return Readable.from(
      (async function* () {
        const fetching = await open();
        fetching.io.end();
        for await (const chunk of fetching.io) yield chunk as Buffer;
        const exitCode = await fetching.exitCode();
        if (exitCode !== 0) throw notReceived(name, { stderr: fetching.stderr(), exitCode });
      })(),
      { objectMode: false },
    );
  }

  /** Sends the file directly to the standard input of `command`. @throws DrillError also `<program>-failed` */
  async pipeTo(name: string, command: ContainerCommand): Promise<void> {
    const { files } = await this.#account('read');
    const keys = { ...files, [NODE_IDENTITY]: this.#keys.identity };
    const words = ['/run/vault/config', 'vault', name, `/${NODE_IDENTITY}`];
    const ended = await this.#runSidecar(command, [RECEIVE, 'receive', ...words], keys);
    if (ended.exitCode !== 0) throw notReceived(name, ended, command);
  }

  #runSidecar({ node, argv, volumes }: ContainerCommand, words: readonly string[], files: Account['files']) {
    const env = { LC_ALL: 'C', TZ: 'UTC' };
    return node
      .startTool({
        image: 'tools',
        network: 'host',
        argv: ['bash', '-c', ...words, ...argv],
        volumes,
        files,
        env,
      })
      .then(outputOf);
  }

  /** Returns size and SHA-256 of the file in the vault. @throws DrillError unless the vault answers */
  async measure(name: string): Promise<StoredFile> {
    const [bytes = '', sha256 = ''] = (await this.#runVaultCommand('read', ['sum', name])).trim().split(' ');
    return { bytes: Number(bytes), sha256 };
  }

  async #runVaultCommand(mode: AccessMode, words: readonly string[]): Promise<string> {
    const asking = await this.#host.runInGateway(['ssh', '-n', '-F', CONFIG, mode, ...words]);
    const { stdout, stderr, exitCode } = await outputOf(asking);
    if (exitCode === 0) return stdout;
    const otherwise =
      String(exitCode) === SSH_FAILED ? FAILURES.unreachable : GONE.test(stderr) ? MISSING : FAILURES.refused;
    throw failed(`vault ${words.join(' ')}`, { stderr, exitCode }, otherwise);
  }
}

const GONE = /no such file or directory/i;
const MISSING: FailureKind = { ...FAILURES.damaged, reason: 'the vault does not have this artifact' };
const WRONG_KEY: FailureKind = {
  code: 'wrong-key',
  reason: 'the key does not decrypt the artifact',
  hint: 'Use the key that the vault had when the backup was made, from where its keys are kept.',
};
const CUT: FailureKind = {
  ...FAILURES.damaged,
  reason: 'the artifact ends early, or is not what was encrypted',
};

type Ended = Pick<ProcessOutput, 'stderr' | 'exitCode'>;

/** Returns a finding with what the exit code or the output means. */
function failed(what: string, { stderr, exitCode }: Ended, otherwise: FailureKind): DrillError {
  const { code, reason, hint } = classifyExit({ name: 'vault', failures: {} }, exitCode, stderr, {
    otherwise,
  });
  return finding(`${what}: ${reason}`, { code, hint, output: stderr });
}

/** The exit code of ssh when ssh itself failed, not the command that it ran. */
const SSH_FAILED = '255';

/** Printed by send.sh and receive.sh: which part of the pipe failed, and with which exit code. */
const FAILED = /^failed (vault|program|packing|unpacking) (\d+)$/m;

function programFailed({ argv: [program = ''], node }: ContainerCommand, exitCode: string, output: string) {
  return finding(`${program}: exit code ${exitCode}`, {
    code: `${program}-failed`,
    node: node.name,
    output,
  });
}

function storedOf(name: string, ended: ProcessOutput, command?: ContainerCommand): StoredFile {
  currentSignal().throwIfAborted();
  const [, bytes, sha256] = /^(\d+) ([0-9a-f]{64})$/m.exec(ended.stdout) ?? [];
  if (bytes !== undefined && sha256 !== undefined) return { bytes: Number(bytes), sha256 };
  const [, part, exitCode = ''] = FAILED.exec(ended.stdout) ?? [];
  if (command && part === 'program') throw programFailed(command, exitCode, ended.stderr);
  const otherwise = exitCode === SSH_FAILED ? FAILURES.unreachable : FAILURES.refused;
  throw failed(`send ${name} to the vault`, ended, otherwise);
}

function notReceived(
  name: string,
  { stderr: said, exitCode: ended }: Ended,
  command?: ContainerCommand,
): DrillError {
  currentSignal().throwIfAborted();
  const [, part = 'receiving', exitCode = String(ended)] = FAILED.exec(said) ?? [];
  const stderr = said.replace(FAILED, '');
  if (command && part === 'program') return programFailed(command, exitCode, stderr);
  const otherwise =
    part === 'vault' && exitCode === SSH_FAILED
      ? FAILURES.unreachable
      : classifyOutput(stderr, `${part} exited with ${exitCode}`);
  return failed(`receive ${name} from the vault`, { stderr, exitCode: ended }, otherwise);
}

/** @param exit which part ended with which code, for when it printed nothing */
function classifyOutput(output: string, exit: string): FailureKind {
  if (/no identity matched/.test(output)) return WRONG_KEY;
  if (GONE.test(output)) return MISSING;
  return { ...CUT, reason: `${CUT.reason} (${lastLine(output) ?? exit})` };
}
