// A lab is an engine on which drills may create and destroy everything. These are its types; open.ts finds or starts one.
import type { EngineVersion } from './image/engine-versions.ts';

/** What a process needs to know of a lab to use it; plain data, so that it can be handed to a worker. */
export interface LabFacts {
  /** What DOCKER_HOST would be, e.g. `unix:///…/docker.sock`. */
  readonly host: string;
  /** How a person names the engine where that is not `host`: `ssh://…`, or the name of a docker context. */
  readonly address?: string | undefined;
  readonly kind: 'embedded' | 'engine';
  /** One sentence for the report: which engine, and what isolates it. */
  readonly description: string;
  /** Path of the log of its engine, where this program started that. */
  readonly log?: string;
  readonly images: readonly ImageFact[];
  /** The volume that every node's data root is cloned from: the workload images, unpacked once. */
  readonly template: string;
  /** Engine versions that drills ask for and that could not be prepared here. */
  readonly missingEngines?: readonly MissingEngine[];
}

/** An engine version without an image, and why. */
export interface MissingEngine {
  readonly version: string;
  readonly reason: string;
}

/** A lab held open by the process that opened it. */
export interface Lab extends LabFacts, AsyncDisposable {}

export interface LabOptions {
  /** As given with --engine, in the form of DOCKER_HOST; takes precedence over every other engine. */
  readonly engine?: string | undefined;
  /** Leave the lab running when this process ends. */
  readonly keep?: boolean;
  /** The images that the drills need, in addition to those that nodes and helpers run. Only these are pulled or built. */
  readonly images: readonly ImageRecipe[];
  /** The engine versions of nodes that the drills need, in addition to the lab's own. Default none. */
  readonly engineVersions?: readonly EngineVersion[];
  /** Reports what is being prepared, when it takes a while. */
  readonly progress?: (doing: string) => void;
}

/** One image, two ways to get it: pulled by name, or built from Debian packages where no registry is available. */
export interface ImageRecipe {
  /** The name for `swarm.imageOf`, e.g. `postgres`. */
  readonly role: string;
  /** The pinned official image; or the one that the Debian packages are installed on, where none has what is needed. */
  readonly registry: string | { readonly base: string };
  readonly debian: DebianRecipe;
}

export interface DebianRecipe {
  readonly packages: readonly string[];
  /** The Debian release that the packages are from. Default `DEBIAN_SUITE`. */
  readonly suite?: string;
  /** Shell commands run with the new root as `$1`: before the packages are installed, and after. */
  readonly before?: readonly string[];
  readonly after?: readonly string[];
  /** Files put into the image: path in the image to text. All are made executable. */
  readonly files?: Readonly<Record<string, string>>;
  /** Dockerfile instructions for the image's configuration, e.g. `STOPSIGNAL SIGINT`. */
  readonly changes?: readonly string[];
}

/** An image as it was used. */
export interface ImageFact {
  readonly role: string;
  readonly reference: string;
  /** Image id or repository digest, `sha256:…`. */
  readonly digest: string;
  /** `registry`, or what it was built of: for people. */
  readonly source: string;
  /** A registry, also for what was built on one of its images; or a file system built from Debian packages. */
  readonly origin: 'registry' | 'debian';
}
