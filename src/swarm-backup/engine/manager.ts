// What backup and restore need of the machine that a manager's engine runs on. host.ts is the one this program runs on,
// container.ts a container that plays one.
import type { Duplex, Readable } from 'node:stream';
import type { Engine } from '../../lab/engine/engine.ts';
import { type Seconds, seconds } from '../../support/clock.ts';
import { waitUntil } from '../../support/poll.ts';
import { unreachableReason } from '../../lab/engine/connect.ts';

export interface Manager {
  /** For sentences, e.g. `this host`. */
  readonly name: string;
  /** With `ANSWER_LIMIT`: an engine may accept a connection and never answer. Calls fail while the engine is stopped. */
  readonly engine: Engine;
  readonly root: DataRoot;
  /** How a person starts this engine, for hints. */
  readonly startedBy: string;
  /** IP addresses of the machine. */
  addresses(): Promise<string[]>;
  /** A connection to a port of another machine, from this one. @throws when there is none to be had */
  dial(address: string, port: number): Promise<Duplex>;
  /** Ends the engine in good order, and returns when nothing of it is left. Harmless on one that is stopped. */
  stop(): Promise<void>;
  /** Starts the engine, and returns when it answers. Harmless on one that runs. */
  start(): Promise<void>;
}

/** The engine's data root. Names are those of its entries, e.g. `swarm`. */
export interface DataRoot {
  /** On the manager's machine, e.g. `/var/lib/docker`. */
  readonly path: string;
  /** The same directory as a path of the machine that this program runs on, if it is one. */
  readonly seenFromHere: string | undefined;
  has(name: string): Promise<boolean>;
  /** The text of a small file; undefined when there is none. */
  read(name: string): Promise<string | undefined>;
  /** Writes a small file, readable to root alone; it is there whole or not at all. */
  write(name: string, text: string): Promise<void>;
  /** The directory `name` as a tar, entries called `name/…`, owners and modes kept. */
  pack(name: string): Promise<Readable>;
  /** Unpacks a tar whose entries are called `name/…`; nothing called `name` may be there. */
  unpack(name: string, tar: Readable): Promise<void>;
  /** An empty one, for root alone. */
  makeDirectory(name: string): Promise<void>;
  move(from: string, to: string): Promise<void>;
  /** Removes a file, or a directory with all that is in it; harmless when there is none. */
  remove(name: string): Promise<void>;
}

/** The directory in the data root that this is all about. */
export const SWARM = 'swarm';

/** How long an engine may take to answer a request: it waits up to 20 s for its swarm before it reports that there is no answer. */
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
