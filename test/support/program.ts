// Runs the program the way a person does: as a process of its own, with what it printed and its exit code as the answer.
import { join } from 'node:path';
import { execa } from 'execa';

export const ROOT = join(import.meta.dirname, '../..');
export const MAIN = join(ROOT, 'src/cli/main.ts');

export interface Ended {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export async function swarmDrill(...words: string[]): Promise<Ended> {
  const env = { NO_COLOR: '1' };
  const { exitCode, stdout, stderr } = await execa(process.execPath, [MAIN, ...words], {
    cwd: ROOT,
    env,
    reject: false,
  });
  return { exitCode, stdout, stderr };
}
