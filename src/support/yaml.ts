// Reads YAML with a schema: a mistake is named with its line, with what was expected and what came.
import { type Document, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { usage } from './errors.ts';

export interface YamlSource {
  /** Of the file, for messages. */
  readonly name: string;
  /** What to do about a mistake. */
  readonly hint: string;
  /** Leave out what came: it may be a secret that someone wrote where its place belongs. */
  readonly hideValues?: boolean;
}

/** Returns the value of `text`, for an empty text `{}`. @throws DrillError `usage` with file and line of each mistake */
export function parseYaml<T>(
  schema: z.ZodType<T>,
  text: string,
  { name, hint, hideValues = false }: YamlSource,
): T {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  if (error) throw usage(`${name}, line ${lines.linePos(error.pos[0]).line}: ${error.message}`, hint);
  const value: unknown = document.toJS() ?? {};
  const { success, data, error: mistakes } = schema.safeParse(value, { reportInput: true });
  if (success) return data;
  const reasons = mistakes.issues.flatMap(innermost).map((issue) => {
    const line = lineOf(document, issue.path, lines);
    return `${name}, line ${line}: ${issue.path.join('.') || 'the file'}: ${describeIssue(issue, hideValues)}`;
  });
  throw usage(reasons.join('\n'), hint);
}

type Issue = z.core.$ZodIssue;

/** A value that fits none of several shapes has one list of issues for each: the shortest is about the shape that was meant. */
function innermost(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const [closest = []] = issue.errors.toSorted((a, b) => a.length - b.length);
  if (closest.length === 0) return [issue];
  return closest.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
}

function describeIssue(issue: Issue, hideValues: boolean): string {
  if (issue.code === 'unrecognized_keys') return `unknown field ${issue.keys.join(', ')}`;
  const expected = issue.message.replace(/, received .*$/, '').replace(/^Invalid/, 'invalid');
  if (hideValues) return expected;
  return `${expected}, got ${issue.input === undefined ? 'nothing' : JSON.stringify(issue.input)}`;
}

/** Returns the line of the value at `path`, or of what it should be in. */
function lineOf(document: Document, path: readonly PropertyKey[], lines: LineCounter): number {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true) as { range?: [number] } | undefined;
    if (node?.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}
