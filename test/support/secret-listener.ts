// Ears for what must stay secret: what every process of this machine was started with, and what engines tell of their containers, as long
// as somebody listens. What runs on an engine elsewhere is not heard in /proc.
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';

const PAUSE_MS = 50;

export class Ears implements AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #listening: Promise<unknown>;
  readonly #cmdline = new Set<string>();
  readonly #environ = new Set<string>();
  readonly #inspected = new Set<string>();
  readonly #execs = new Set<string>();

  private constructor(engines: readonly Docker[]) {
    this.#listening = Promise.all([
      this.#again(() => this.#processes()),
      ...engines.map((engine) => this.#again(() => this.#containers(engine))),
    ]);
  }

  /** @param engines whose containers and execs are inspected */
  static open(engines: readonly Docker[] = []): Ears {
    return new Ears(engines);
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

  async #again(look: () => Promise<void>): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await look();
      await sleep(PAUSE_MS);
    }
  }

  async #processes(): Promise<void> {
    for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name)))
      for (const [file, heard] of [
        ['cmdline', this.#cmdline],
        ['environ', this.#environ],
      ] as const)
        heard.add((await readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')).replaceAll('\0', ' '));
  }

  async #containers(engine: Docker): Promise<void> {
    for (const { Id } of await engine.listContainers({ all: true }).catch(() => [])) {
      // Gone in the meantime is no news.
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

  /** Stops listening; what was heard is kept. */
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

/** One line of a private key is telling enough, and survives any wrapping. */
export const telling = (text: string): string =>
  text.includes('PRIVATE KEY') ? (text.split('\n')[2] ?? '') : text.trim();
