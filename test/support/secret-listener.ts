// Records where secrets could leak while it is open: the arguments and environments of every process of this machine, and what engines
// report of their containers. The processes of an engine on another machine are not in /proc, and not recorded.
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';

const PAUSE_MS = 50;

export class SecretListener implements AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #listening: Promise<unknown>;
  readonly #cmdline = new Set<string>();
  readonly #environ = new Set<string>();
  readonly #inspected = new Set<string>();
  readonly #execs = new Set<string>();

  private constructor(engines: readonly Docker[]) {
    this.#listening = Promise.all([
      this.#repeat(() => this.#processes()),
      ...engines.map((engine) => this.#repeat(() => this.#containers(engine))),
    ]);
  }

  /** @param engines whose containers and execs are inspected */
  static open(engines: readonly Docker[] = []): SecretListener {
    return new SecretListener(engines);
  }

  get arguments(): string {
    return [...this.#cmdline].join('\n');
  }
  get environments(): string {
    return [...this.#environ].join('\n');
  }
  /** JSON of every container and every exec that was seen. */
  get inspected(): string {
    return [...this.#inspected].join('\n');
  }

  async #repeat(look: () => Promise<void>): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await look();
      await sleep(PAUSE_MS);
    }
  }

  async #processes(): Promise<void> {
    for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name)))
      for (const [file, recorded] of [
        ['cmdline', this.#cmdline],
        ['environ', this.#environ],
      ] as const)
        recorded.add((await readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')).replaceAll('\0', ' '));
  }

  async #containers(engine: Docker): Promise<void> {
    for (const { Id } of await engine.listContainers({ all: true }).catch(() => [])) {
      // It may have been removed since it was listed.
      const facts = (await engine
        .getContainer(Id)
        .inspect()
        .catch(() => undefined)) as Facts | undefined;
      this.#inspected.add(JSON.stringify([facts?.Path, facts?.Args, facts?.Config, facts?.HostConfig]));
      for (const id of (facts?.ExecIDs ?? []).filter((one) => !this.#execs.has(one))) {
        this.#execs.add(id);
        this.#inspected.add(
          JSON.stringify(
            await engine
              .getExec(id)
              .inspect()
              .catch(() => undefined),
          ),
        );
      }
    }
  }

  /** Stops recording; what was recorded is kept. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#listening;
  }
}

interface Facts {
  readonly Path: string;
  readonly Args: readonly string[];
  readonly Config: unknown;
  readonly HostConfig: unknown;
  readonly ExecIDs: readonly string[] | null;
}

/** Returns the text to search for. Of a private key that is one line: it is unique, and survives any wrapping. */
export const recognizablePart = (text: string): string =>
  text.includes('PRIVATE KEY') ? (text.split('\n')[2] ?? '') : text.trim();
