// A data root in a volume, accessed through a helper container that mounts it, whether the node runs or not.
import type { Engine } from '../../lab/engine/engine.ts';
import { execInContainer } from '../../lab/engine/process.ts';
import { DrillError } from '../../support/errors.ts';
import type { DataRoot } from './manager.ts';

export interface HelperMount {
  readonly engine: Engine;
  /** Name or id of the helper container. */
  readonly helper: string;
  /** Where the helper sees the data root. */
  readonly mountedAt: string;
}

/** @param paths of the same directory, on the node and on this machine */
export function containerDataRoot(
  { engine, helper, mountedAt }: HelperMount,
  paths: Pick<DataRoot, 'path' | 'localPath'>,
): DataRoot {
  const at = (name: string): string => `${mountedAt}/${name}`;
  const sh = (script: string, names: readonly string[], input?: string): Promise<string> =>
    execInContainer(
      engine,
      helper,
      ['sh', '-euc', script, 'sh', ...names.map(at)],
      input === undefined ? {} : { input },
    );
  const run = async (...call: Parameters<typeof sh>): Promise<void> => {
    await sh(...call);
  };
  const has = async (name: string): Promise<boolean> =>
    (await sh('if [ -e "$1" ]; then echo there; fi', [name])) !== '';
  return {
    ...paths,
    has,
    async read(name) {
      // One call for both questions: the colon is there when the file is.
      const found = await sh('if [ -e "$1" ]; then printf :; cat "$1"; fi', [name]);
      return found === '' ? undefined : found.slice(1);
    },
    list: async (name) =>
      (await sh('if [ -d "$1" ]; then ls -A "$1"; fi', [name])).split('\n').filter(Boolean),
    write: (name, text) => run('umask 077; cat >"$1.part"; mv "$1.part" "$1"', [name], text),
    pack: (name) => engine.containers.readArchive(helper, at(name)),
    async unpack(name, tar) {
      if (await has(name))
        throw new DrillError(`${paths.path}/${name} already exists`, { code: 'data-root' });
      await engine.containers.writeArchive(helper, mountedAt, tar, { keepOwners: true });
    },
    makeDirectory: (name) => run('mkdir -m 700 "$1"', [name]),
    move: (from, to) => run('mv -T "$1" "$2"', [from, to]),
    remove: (name) => run('rm -rf "$1"', [name]),
  };
}
