// The engine versions that nodes can run, and the image of each: pulled by its digest where there is a registry, otherwise built from
// the Debian release that has this version.
import { DrillError, labFailure } from '../../support/errors.ts';
import type { DebianRecipe, ImageRecipe, LabFacts } from '../lab.ts';

/** Oldest first, each without the last part of its number. */
export const ENGINE_VERSIONS = ['20.10', '26.1', '28.5'] as const;
/** An engine version that nodes can run: a major and a minor number, such as `28.5`. */
export type EngineVersion = (typeof ENGINE_VERSIONS)[number];

const OTHER_PACKAGES = ['iptables', 'ca-certificates', 'iproute2', 'procps', 'mount', 'netcat-openbsd'];
const changes = ['VOLUME /var/lib/docker'];

/** Debian's release with that version; its packages are of a later version as soon as the release moves on. */
const requireVersion = (version: EngineVersion): string =>
  `chroot "$1" dockerd --version | grep -qF 'version ${version}.' || { echo "expected engine ${version}, this Debian release has: $(chroot "$1" dockerd --version)" >&2; exit 1; }`;

/** Debian 13's, which has the CLI in a package. */
const debian26: DebianRecipe = { packages: ['docker.io', 'docker-cli', ...OTHER_PACKAGES], changes };

/** Digests are those of the multi-platform images. A node that then has another version is refused, see `requireEngineVersion`. */
const RECIPES: Readonly<Record<EngineVersion, ImageRecipe>> = {
  '20.10': {
    role: 'node',
    registry: 'docker:20.10-dind@sha256:af96c680a7e1f853ebdd50c1e0577e5df4089b033102546dd6417419564df3b5',
    debian: {
      suite: 'bookworm',
      packages: ['docker.io', ...OTHER_PACKAGES],
      after: [requireVersion('20.10')],
      changes,
    },
  },
  '26.1': {
    role: 'node',
    registry: 'docker:26.1-dind@sha256:dd43b430341a40d88f4f30edb03865daa9d6fa39c9b1da70f27e2a89cec3eae1',
    debian: debian26,
  },
  '28.5': {
    role: 'node',
    registry: 'docker:28.5.2-dind@sha256:2a232a42256f70d78e3cc5d2b5d6b3276710a0de0596c145f627ecfae90282ac',
    debian: {
      suite: 'sid',
      packages: ['docker.io', 'docker-cli', ...OTHER_PACKAGES],
      after: [requireVersion('28.5')],
      changes,
    },
  },
};

/** Engine and CLI, for nodes of which no version is asked and, unpacked, for the embedded lab's own engine. */
export const nodeRecipe = {
  role: 'node',
  registry: 'docker:28.5.2-dind',
  debian: debian26,
} satisfies ImageRecipe;

export const nodeRecipeOf = (version: EngineVersion): ImageRecipe => RECIPES[version];

/** Role of the image of such nodes among a lab's images. @param version default: the lab's own */
export const nodeRole = (version: EngineVersion | undefined): string =>
  version === undefined ? nodeRecipe.role : `${nodeRecipe.role}-${version}`;

/** Returns the reference of the image of such nodes. @throws DrillError `no-image` */
export function nodeImage({ images, missingEngines = [] }: LabFacts, version?: EngineVersion): string {
  const role = nodeRole(version);
  const image = images.find((candidate) => candidate.role === role);
  if (image) return image.reference;
  const missing = missingEngines.find((one) => one.version === version);
  if (missing)
    throw labFailure(`no nodes with engine ${missing.version} on this machine: ${missing.reason}`, {
      code: 'no-image',
      hint: 'Run this drill where the image can be pulled or built, or with another engine version.',
    });
  throw new DrillError(`the lab was opened without images for nodes with engine ${version}`, {
    code: 'no-image',
    blame: 'usage',
    hint: "Name the version in the drill's plan (`engineVersion` or `otherEngineVersions`), or with --engine-version.",
  });
}

/** @param actual what the engine reports, e.g. `26.1.5+dfsg1` @throws DrillError `engine-version` */
export function requireEngineVersion(node: string, expected: EngineVersion, actual: string): void {
  if (actual.startsWith(`${expected}.`)) return;
  throw labFailure(`${node}: expected engine ${expected}, got ${actual}`, {
    code: 'engine-version',
    node,
    hint: `Remove the image of engine ${expected} from the lab's engine, and check what its registry has under that name.`,
  });
}
