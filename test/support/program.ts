// Runs the program as a user does: as a process, returning its output and exit code.
import { join } from 'node:path';
import { execa } from 'execa';

export const ROOT = join(import.meta.dirname, '../..');
export const MAIN = join(ROOT, 'src/cli/main.ts');

export interface ProgramResult {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export const swarmDrill = (...args: string[]): Promise<ProgramResult> => swarmDrillWith({}, ...args);

/** @param env in addition to the current environment */
export async function swarmDrillWith(
  env: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<ProgramResult> {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [MAIN, ...args], {
    cwd: ROOT,
    env: { NO_COLOR: '1', ...env },
    reject: false,
  });
  return { exitCode, stdout, stderr };
}
