// The code in the documentation: every TypeScript snippet that names its file compiles against the public entries.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const snippetsOf = (page: string): string[] =>
  [...read(page).matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => code);

/** Whole files by path, in the order in which the tutorial writes them; a later one replaces an earlier one of the same path. */
const files = snippetsOf('docs/writing-drills.md').map((code) => {
  const [, path] = /^\/\/ (\S+\.ts)\n/.exec(code) ?? [];
  if (path === undefined) throw new Error(`a snippet does not begin with its path:\n${code}`);
  return { path: join(ROOT, path), code };
});

const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
  config: object;
};
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);

/** Files of the repository are parsed once for all snippets. */
const parsed = new Map<string, ts.SourceFile | undefined>();

/** Returns a program of `paths`, with the snippets in place of the files on disk. */
function createProgram(paths: string[], snippets: ReadonlyMap<string, string> = new Map()): ts.Program {
  const disk = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...disk,
    fileExists: (name) => snippets.has(name) || disk.fileExists(name),
    readFile: (name) => snippets.get(name) ?? disk.readFile(name),
    getSourceFile(name, ...rest) {
      const code = snippets.get(name);
      if (code !== undefined) return ts.createSourceFile(name, code, ts.ScriptTarget.ESNext, true);
      if (!parsed.has(name)) parsed.set(name, disk.getSourceFile(name, ...rest));
      return parsed.get(name);
    },
  };
  return ts.createProgram(paths, options, host);
}

function errorsIn(path: string, snippets: ReadonlyMap<string, string>): string[] {
  const program = createProgram([path], snippets);
  const diagnostics = ts.getPreEmitDiagnostics(program, program.getSourceFile(path));
  return diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

test('the snippets of the tutorial compile against the public entries', { timeout: 120_000 }, () => {
  const snippets = new Map<string, string>();
  for (const { path, code } of files) {
    snippets.set(path, code);
    expect(errorsIn(path, snippets), code).toEqual([]);
  }
  expect(files.length).toBeGreaterThan(2);
});

test('a snippet with a wrong type does not compile', { timeout: 120_000 }, () => {
  const path = join(ROOT, 'drills/wrong.drill.ts');
  const code = `import { seconds } from 'swarm-drill';\nexport const wrong: string = seconds(1);\n`;
  expect(errorsIn(path, new Map([[path, code]]))).toEqual([
    "Type 'Seconds' is not assignable to type 'string'.",
  ]);
});

/** Names of what an entry exports, a namespace's members among them, that have no comment. */
function undocumentedIn(entry: string): string[] {
  const path = join(ROOT, entry);
  const program = createProgram([path]);
  const checker = program.getTypeChecker();
  const exportsOf = (symbol: ts.Symbol | undefined) =>
    symbol === undefined
      ? []
      : checker.getExportsOfModule(symbol).map((exported) => ({
          name: exported.name,
          target: exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported,
        }));
  const source = program.getSourceFile(path);
  return exportsOf(source && checker.getSymbolAtLocation(source))
    .flatMap(({ name, target }) =>
      target.declarations?.some(ts.isSourceFile)
        ? exportsOf(target).map((member) => ({ ...member, name: `${name}.${member.name}` }))
        : [{ name, target }],
    )
    .filter(({ target }) => target.getDocumentationComment(checker).length === 0)
    .map(({ name }) => name);
}

test('every public member has a comment', { timeout: 120_000 }, () => {
  expect(undocumentedIn('src/index.ts')).toEqual([]);
  expect(undocumentedIn('src/workload.ts')).toEqual([]);
});

const pages = globSync(['*.md', 'docs/**/*.md'], { cwd: ROOT });
/** Anchors of a page's headings, as GitHub makes them. */
const anchorsOf = (page: string): string[] =>
  [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );

test.for(pages)('every link of %s leads to a file and a heading that exist', (page) => {
  const links = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  const broken = links
    .filter((link) => !/^https?:/.test(link))
    .filter((link) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? page : join(dirname(page), path);
      if (!existsSync(join(ROOT, target))) return true;
      return anchor !== undefined && !anchorsOf(target).includes(anchor);
    });
  expect(broken).toEqual([]);
});

test('the drill in the README is the smallest drill, without its first comment', () => {
  const [, drill] = /^\/\/[^\n]*\n(.*)$/s.exec(read('drills/single-manager.drill.ts')) ?? [];
  expect(snippetsOf('README.md')).toEqual([drill]);
});
