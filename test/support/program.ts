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

export async function swarmDrill(...args: string[]): Promise<ProgramResult> {
  const env = { NO_COLOR: '1' };
  const { exitCode, stdout, stderr } = await execa(process.execPath, [MAIN, ...args], {
    cwd: ROOT,
    env,
    reject: false,
  });
  return { exitCode, stdout, stderr };
}
