// The verifier's arguments: what to verify, and what the auditor pinned.
import { parseArgs } from 'node:util';
import { usage } from '../support/errors.ts';
import type { Pinned } from './context.ts';
import { readChain } from './read/certificates.ts';
import { readPublicKey } from './read/keys.ts';
import { readPeople } from './read/people.ts';

export const USAGE = `usage: swarm-drill verify <run or reports directory> [options]

Verifies signed evidence without a network, and says what it can't show.

  --key <pem>           public key that signs runs; repeat it for several
  --people <yml>        your copy of evidence.yml: who operates, approves and reviews, and their keys
  --person-key <pem>    public key of a person who attests; repeat it for several
  --tsa-chain <pem>     certificates of the time-stamp authority, up to its root
  --artifact <file>     a backup that a run should have restored from; repeat it for several
  --earlier-head <file> your earlier copy of ledger.sigstore.json, which the ledger must continue
  --at <UTC>            until when drills are due. Default: now
  --json                print the result as JSON

Exit codes: 0 nothing failed, 1 something failed, 2 an essential point is not shown, 64 usage error.`;

export interface Request {
  readonly target: string;
  readonly pinned: Pinned;
  readonly json: boolean;
}

/** @returns `help` if the arguments ask for it @throws DrillError `usage` */
export function parseArguments(args: readonly string[]): Request | 'help' {
  const { values, positionals } = parse(args);
  if (values.help) return 'help';
  const [target, ...others] = positionals;
  if (target === undefined || others.length > 0)
    throw usage(
      `expected one directory, got ${positionals.length}`,
      'Pass the directory of a run, or the one with ledger.jsonl.',
    );
  const people = values.people === undefined ? null : readPeople(values.people);
  const persons = (values['person-key'] ?? []).map(readPublicKey);
  return {
    target,
    json: values.json ?? false,
    pinned: {
      keys: (values.key ?? []).map(readPublicKey),
      people,
      persons,
      timeAuthority: values['tsa-chain'] === undefined ? null : readChain(values['tsa-chain']),
      artifacts: values.artifact ?? [],
      earlierHead: values['earlier-head'] ?? null,
      now: values.at === undefined ? Date.now() : parseTime(values.at),
    },
  };
}

function parse(args: readonly string[]) {
  const several = { type: 'string', multiple: true } as const;
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        key: several,
        people: { type: 'string' },
        'person-key': several,
        'tsa-chain': { type: 'string' },
        artifact: several,
        'earlier-head': { type: 'string' },
        at: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error), 'See `swarm-drill verify --help`.');
  }
}

function parseTime(text: string): number {
  const time = Date.parse(text);
  if (Number.isNaN(time))
    throw usage(`--at: expected a time, got "${text}"`, 'Write it like 2026-11-26T00:00:00Z.');
  return time;
}
