// Relative bind mounts: the docker CLI resolves `./html` against the directory of the compose files, so the same commit asks for another
// path in each work tree.
import { posix } from 'node:path';
import type { ServiceMount, ServiceSpec } from '../../../lab/engine/api.ts';
import type { ServicesByName } from './deployed.ts';

/** A work tree, and the directory of the compose files in it. */
export interface ComposeDirectory {
  readonly tree: string;
  /** Directory of the compose files in the work tree: empty, or with a trailing slash. */
  readonly prefix: string;
}

const bindsOf = (spec?: ServiceSpec): ServiceMount[] =>
  (spec?.TaskTemplate.ContainerSpec?.Mounts ?? []).filter(({ Type }) => Type === 'bind');

/** Returns the path of a mount's source relative to the compose files; undefined when it is outside of the work tree. */
function relativeSource(
  { Source = '' }: ServiceMount,
  { tree, prefix }: ComposeDirectory,
): string | undefined {
  if (Source !== tree && !Source.startsWith(`${tree}/`)) return undefined;
  return posix.relative(posix.join(tree, prefix), Source);
}

/** Returns the paths in the work tree that services mount, relative to the directory of the compose files. */
export const relativeBindsOf = (services: Iterable<ServiceSpec>, at: ComposeDirectory): string[] => [
  ...new Set([...services].flatMap(bindsOf).flatMap((mount) => relativeSource(mount, at) ?? [])),
];

/**
 * Returns the directory from which the running stack was deployed: what remains of the source of a mount without its relative path.
 * Undefined when no mount shows it.
 * @param at where the sources of `desired` were resolved
 */
export function findDeployedDirectory(
  deployed: ServicesByName,
  desired: ServicesByName,
  at: ComposeDirectory,
): string | undefined {
  for (const [name, spec] of desired)
    for (const mount of bindsOf(spec)) {
      const path = relativeSource(mount, at);
      const running = bindsOf(deployed.get(name)).find(({ Target }) => Target === mount.Target)?.Source;
      const directory = path === undefined || !running ? undefined : withoutPath(running, path, at.prefix);
      if (directory !== undefined) return directory;
    }
  return undefined;
}

/** Returns the directory in which `path` is `source`; undefined when `source` has another end, or nothing else. */
function withoutPath(source: string, path: string, prefix: string): string | undefined {
  const steps = path.split('/');
  const down = steps.filter((one) => one !== '..' && one !== '');
  const up = steps.filter((one) => one === '..').length;
  const end = down.map((one) => `/${one}`).join('');
  const parent = source.slice(0, source.length - end.length);
  if (!source.endsWith(end) || parent === '') return undefined;
  return posix.join(parent, ...(up > 0 ? partsOf(prefix).slice(-up) : []));
}

/** Returns the services as the CLI would define them in another directory. */
export const withDirectory = (
  services: ServicesByName,
  at: ComposeDirectory,
  directory: string,
): ServicesByName =>
  new Map(
    [...services].map(([name, spec]) => {
      const { ContainerSpec } = spec.TaskTemplate;
      if (!ContainerSpec?.Mounts) return [name, spec];
      const Mounts = ContainerSpec.Mounts.map((mount) => {
        const path = mount.Type === 'bind' ? relativeSource(mount, at) : undefined;
        return path === undefined ? mount : { ...mount, Source: posix.join(directory, path) };
      });
      const TaskTemplate = { ...spec.TaskTemplate, ContainerSpec: { ...ContainerSpec, Mounts } };
      return [name, { ...spec, TaskTemplate }];
    }),
  );

const partsOf = (path: string): string[] => path.split('/').filter(Boolean);

/**
 * Returns which directory of the repository belongs where, so that the compose files are in `directory`, and as much of the repository
 * around them as its path shows. Nothing belongs in the root directory.
 */
export function layoutFor(directory: string, prefix: string): { readonly from: string; readonly to: string } {
  const [have, wanted] = [partsOf(directory), partsOf(prefix)];
  let common = 0;
  while (
    common < wanted.length &&
    common < have.length - 1 &&
    have[have.length - 1 - common] === wanted[wanted.length - 1 - common]
  )
    common++;
  return {
    from: wanted.slice(0, wanted.length - common).join('/') || '.',
    to: `/${have.slice(0, have.length - common).join('/')}`,
  };
}
