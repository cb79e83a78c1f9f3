// Prints the type errors of the files in its arguments, and of what they import from outside of src/, as JSON.
import { join, relative } from 'node:path';
import ts from 'typescript';
import { ROOT } from '../project.ts';

const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
  config: object;
};
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
const program = ts.createProgram(process.argv.slice(2), options);

/** The program's own files have passed before they were released. */
const isAuthors = ({ fileName }: ts.SourceFile): boolean =>
  !fileName.startsWith(join(ROOT, 'src/')) && !/\/(node_modules|\.install-[^/]*)\//.test(fileName);

const diagnostics = program
  .getSourceFiles()
  .filter(isAuthors)
  .flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]);
console.log(JSON.stringify(diagnostics.map(format)));

function format({ file, start = 0, messageText }: ts.Diagnostic): string {
  const text = ts.flattenDiagnosticMessageText(messageText, '\n').split('\n')[0] ?? '';
  if (!file) return text;
  const { line, character } = file.getLineAndCharacterOfPosition(start);
  return `${relative(process.cwd(), file.fileName)}:${line + 1}:${character + 1}: ${text}`;
}
