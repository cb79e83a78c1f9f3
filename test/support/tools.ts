// Programs that some machines don't have: a test that needs one is reported as unproven there, with the reason.
import { spawnSync } from 'node:child_process';
import type { TestContext } from 'vitest';

export interface ToolResult {
  readonly exitCode: number;
  /** Both streams. */
  readonly output: string;
}

/** Runs a program to its end; undefined if this machine has no such program. */
export function runTool(
  file: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): ToolResult | undefined {
  const { error, status, stdout, stderr } = spawnSync(file, args, {
    encoding: 'utf8',
    ...options,
    env: { ...process.env, ...options.env },
  });
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return undefined;
  if (error) throw error;
  return { exitCode: status ?? -1, output: `${stdout}${stderr}` };
}

/** Returns what the program did; where there is no such program, the test ends as skipped, with the reason in the output. */
export function toolOrUnproven(
  { skip }: TestContext,
  file: string,
  args: readonly string[],
  options: Parameters<typeof runTool>[2] = {},
): ToolResult {
  const result = runTool(file, args, options);
  return result ?? skip(`unproven: this machine has no ${file}`);
}
