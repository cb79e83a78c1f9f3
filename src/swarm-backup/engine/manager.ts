// The machine that a manager's engine runs on, as backup and restore need it: this host (host.ts), a container that acts as a
// manager (container.ts), or a node of a drill's site (site-node.ts).
import type { Duplex, Readable } from 'node:stream';
import { unreachableReason } from '../../lab/engine/connect.ts';
import type { Engine } from '../../lab/engine/engine.ts';
import { type Seconds, seconds } from '../../support/clock.ts';
import { waitUntil } from '../../support/poll.ts';

export interface Manager {
  /** For messages, e.g. `this host`. */
  readonly name: string;
  /** With `ANSWER_LIMIT`: an engine may accept a connection and never answer. Calls fail while the engine is stopped. */
  readonly engine: Engine;
  readonly root: DataRoot;
  /** The command that starts this engine, for hints. */
  readonly startCommand: string;
  /** IP addresses of the machine. */
  addresses(): Promise<string[]>;
  /** Connects from this machine to a port of another one. @throws when nothing accepts the connection */
  dial(address: string, port: number): Promise<Duplex>;
  /** Shuts the engine down, and returns when nothing of it runs. Harmless when it is stopped. */
  stop(): Promise<void>;
  /** Starts the engine, and returns when it answers. Harmless when it runs. */
  start(): Promise<void>;
}

/** The engine's data root. Names are those of its entries, e.g. `swarm`. */
export interface DataRoot {
  /** On the manager's machine, e.g. `/var/lib/docker`. */
  readonly path: string;
  /** The same directory as a path of the machine that this program runs on; undefined when it has none. */
  readonly localPath: string | undefined;
  has(name: string): Promise<boolean>;
  /** Reads a small text file; undefined when there is none. */
  read(name: string): Promise<string | undefined>;
  /** Names of the entries of a directory; none when there is no such directory. */
  list(name: string): Promise<string[]>;
  /** Writes a small file atomically, readable to root only. */
  write(name: string, text: string): Promise<void>;
  /** Packs the directory `name` into a tar with entries `name/…`, owners and modes kept. */
  pack(name: string): Promise<Readable>;
  /** Unpacks a tar with entries `name/…`. @throws when there is a `name` already */
  unpack(name: string, tar: Readable): Promise<void>;
  /** Creates an empty directory, accessible to root only. */
  makeDirectory(name: string): Promise<void>;
  move(from: string, to: string): Promise<void>;
  /** Removes a file, or a directory with its contents; harmless when there is none. */
  remove(name: string): Promise<void>;
}

/** The directory of the data root that holds the swarm state. */
export const SWARM = 'swarm';

/** What an operator types on a machine with systemd, for a report's runbook. The socket unit would start the engine again. */
export const STOP_ENGINE = 'systemctl stop docker.socket docker';
export const START_ENGINE = 'systemctl start docker';

/** Packs the swarm directory. Every call gives the same entries. */
export type PackDirectory = () => Promise<Readable>;

/** A copy of the swarm directory that was made while the engine ran; removed when disposed. */
export interface HotCopy extends AsyncDisposable {
  readonly pack: PackDirectory;
}

/** How long an engine may take to answer: it waits up to 20 s for its swarm before it reports that there is no answer. */
export const ANSWER_LIMIT: Seconds = seconds(30);

/** How long an engine may take to stop, to start, or to be a manager again. */
export const ENGINE_LIMIT: Seconds = seconds(120);

export const waitUntilAnswering = (manager: Pick<Manager, 'engine' | 'name'>): Promise<void> =>
  waitUntil(
    `the engine of ${manager.name}`,
    async () => {
      const reason = await unreachableReason(manager.engine);
      return reason === undefined ? { done: undefined } : { notYet: reason };
    },
    { limit: ENGINE_LIMIT },
  );
