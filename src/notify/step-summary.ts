// The summary of a job of GitHub Actions: Markdown that is appended to the file that the runner names.
import { appendFile } from 'node:fs/promises';
import type { NotApplicable } from './comment.ts';
import type { Message } from './message.ts';
import { toMarkdown } from './text.ts';

/** @throws what the file system says */
export async function writeStepSummary(message: Message): Promise<NotApplicable | undefined> {
  const file = process.env['GITHUB_STEP_SUMMARY'];
  if (!file) return { skipped: 'this run is not a job of GitHub Actions' };
  await appendFile(file, `${toMarkdown(message)}\n`);
  return undefined;
}
