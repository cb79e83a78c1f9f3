import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { createKeyPair } from '../../../src/evidence/signing/keys.ts';
import { readChain } from '../../../src/verify/read/certificates.ts';
import { OpensslAuthority } from '../../support/evidence/openssl-authority.ts';
import { SampleReports } from '../../support/evidence/signed-run.ts';
import { addAttestation, pin, problemsOf } from '../../support/evidence/verified.ts';
import { Randomness } from '../../support/randomness.ts';

/** How many bits are flipped; the full number takes a minute. */
const FLIPS = Number(process.env['FLIPS'] ?? 60);

test(
  `finds each of ${FLIPS} random flipped bits, in any file of a run and of the ledger`,
  { timeout: 0 },
  async () => {
    using authority = new OpensslAuthority({ digest: 'sha512' });
    await using reports = await SampleReports.create();
    const reviewer = createKeyPair();
    const { directory } = await reports.addRun({ authority, live: true });
    await addAttestation(reports, directory, { role: 'reviewer', key: reviewer });
    const people = { operators: [reports.key], approvers: [], reviewers: [reviewer] };
    const pinned = await pin(reports, { people, timeAuthority: readChain(authority.chain), now: Date.now() });
    expect(await problemsOf(directory, pinned)).toEqual([]);
    const entries = await readdir(reports.path, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => path.join(parentPath, name));
    expect(files.map((file) => path.basename(file))).toEqual(
      expect.arrayContaining([
        'ledger.jsonl',
        'ledger.sigstore.json',
        'plan.tsr',
        'journal.jsonl',
        'index.html',
      ]),
    );

    const random = new Randomness('flips');
    const unnoticed: string[] = [];
    for (let flip = 0; flip < FLIPS; flip++) {
      // Each file is as likely as any other: a flip in a large page is not more interesting than one in a signature.
      const file = files[random.below(files.length)] ?? '';
      const bytes = await readFile(file);
      const bit = random.below(bytes.length * 8);
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      await writeFile(file, flipped);
      if ((await problemsOf(directory, pinned)).length === 0)
        unnoticed.push(`bit ${bit} of ${path.relative(reports.path, file)}`);
      await writeFile(file, bytes);
    }
    expect(unnoticed).toEqual([]);
    expect(await problemsOf(directory, pinned)).toEqual([]);
  },
);
