// volume-contents.py for volumes in memory, which have files and nothing else.
import type { Program } from './in-memory-engine.ts';

interface Listed {
  readonly path: string;
  readonly size: number;
  readonly identity: string;
}

/** Answers `python3 -c PROGRAM list|unchanged|compare`, the only Python that methods run in a volume. */
export const volumeContents: Program = ({ argv: [, , , mode = ''], input, mounts }) => {
  const files = mounts.get('/volume') ?? mounts.get('/volume:ro');
  if (!files) return { exitCode: 1, stderr: 'no volume at /volume' };
  const now = [...files]
    .sort()
    .map(([path, content]) => ({ path, size: content.length, identity: content.toString('hex') }));
  if (mode === 'list') return { stdout: print(now) };
  const listed = parse(input.toString());
  const bytes = (of: readonly Listed[]): number => of.reduce((sum, { size }) => sum + size, 0);
  if (mode === 'unchanged') {
    const same = now.filter((file) =>
      listed.some((was) => was.path === file.path && was.identity === file.identity),
    );
    const changing = new Set([...now, ...listed].map(({ path }) => path)).size - same.length;
    return {
      stdout: print(same.map((file) => ({ ...file, identity: '-' }))),
      stderr: JSON.stringify({ entries: same.length, bytes: bytes(same), changing }),
    };
  }
  const sizeNow = new Map(now.map(({ path, size }) => [path, size]));
  const missing = listed.filter(({ path }) => !sizeNow.has(path));
  const changed = listed.filter(({ path, size }) => sizeNow.has(path) && sizeNow.get(path) !== size);
  const extra = now.filter(({ path }) => !listed.some((was) => was.path === path));
  const named = Object.entries({ missing, changed, extra }).flatMap(([what, all]) =>
    all.map(({ path }) => [what, path]),
  );
  const counts = { missing: missing.length, changed: changed.length, extra: extra.length };
  return { stdout: JSON.stringify({ entries: now.length, bytes: bytes(now), ...counts, named }) };
};

const print = (list: readonly Listed[]): string =>
  list.map(({ path, size, identity }) => `- ${size} ${identity} ${path}\0`).join('');

const parse = (list: string): Listed[] =>
  list
    .split('\0')
    .slice(0, -1)
    .map((entry) => {
      const [, size = '', identity = '', ...path] = entry.split(' ');
      return { path: path.join(' '), size: Number(size), identity };
    });
