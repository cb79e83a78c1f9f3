// Point 12: a backup that the auditor has is the one that the run restored from.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { type Pinned, statementOf } from '../context.ts';
import type { Reports } from '../read/reports.ts';
import { ARTIFACT } from '../read/statement.ts';
import { problemOf } from '../read/strict.ts';
import type { Findings } from '../result.ts';

export async function checkArtifacts(
  { runs }: Reports,
  { artifacts }: Pinned,
  findings: Findings,
): Promise<void> {
  const known = new Map(
    runs.flatMap((run) =>
      (statementOf(run)?.artifacts ?? []).map(
        ({ name, digest }) => [digest, `${run.name}: ${name.slice(ARTIFACT.length)}`] as const,
      ),
    ),
  );
  if (artifacts.length === 0)
    return findings.skip(
      known.size > 0
        ? `${known.size} artifacts are in the statements; pass a file that you have with --artifact`
        : 'no statement names an artifact',
    );
  for (const file of artifacts) {
    const hash = createHash('sha256');
    try {
      await pipeline(createReadStream(file), hash);
    } catch (error) {
      findings.fail(problemOf(file, error));
      continue;
    }
    const digest = hash.digest('hex');
    const name = known.get(digest);
    if (name === undefined)
      findings.fail({
        where: file,
        what: 'no run restored from this file',
        expected: `one of ${known.size} artifacts`,
        got: digest,
      });
    else findings.see(`${file} is ${name}`);
  }
}
