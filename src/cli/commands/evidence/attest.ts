// swarm-drill attest: a person signs that they reviewed or approved a run, what happens about a finding, or what closes it.
import { realpath } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { attest } from '../../../evidence/attest/attest.ts';
import { loadFacts } from '../../../evidence/facts/load.ts';
import type { EvidenceFacts } from '../../../evidence/facts/schema.ts';
import { ATTESTATION_ROLES, type AttestationRole } from '../../../evidence/ledger/entry.ts';
import { readSigningKey } from '../../../evidence/signing/read-key.ts';
import { usage } from '../../../support/errors.ts';
import { updateHistory } from '../../runner/update-history.ts';
import { evidenceOption, parseDate, signingKeyFdOption, signingKeyOption } from '../options.ts';

interface Options {
  readonly as: AttestationRole;
  readonly name?: string;
  readonly comment: string;
  readonly finding?: string;
  readonly cause?: string;
  readonly owner?: string;
  readonly due?: string;
  readonly ticket?: string;
  readonly until?: string;
  readonly retest?: string;
  readonly signingKey?: string;
  readonly signingKeyFd?: number;
  readonly evidence?: string;
}

const examples = `
Examples:
  swarm-drill attest reports/latest --as reviewer --signing-key ben.pem --comment "compared with BCP-7"
  swarm-drill attest reports/latest --as exception --finding total-loss --cause "index missing in the dump" \\
                     --owner Ada --due 2027-01-31 --ticket OPS-17
  swarm-drill attest reports/2026-11-23T02-15-07Z --as closed-by --finding total-loss --retest reports/latest`;

export const attestSubcommand = new Command('attest')
  .description(
    'sign what a person states about a run: a review, an approval, an exception, or what closes a finding',
  )
  .argument('<run>', 'directory of a run, e.g. reports/latest')
  .addOption(new Option('--as <role>', 'what is stated').choices(ATTESTATION_ROLES).makeOptionMandatory())
  .option('--name <person>', 'who states it (default: whose key it is, by evidence.yml)')
  .option('--comment <text>', 'what was looked at, or decided', '')
  .option('--finding <drill>', 'the drill that did not recover')
  .option('--cause <text>', 'why it did not')
  .option('--owner <person>', 'who takes care of it')
  .option('--due <date>', 'until when, e.g. 2027-01-31', parseDate)
  .option('--ticket <text>', 'where that is tracked')
  .option('--until <date>', 'last day on which the finding is accepted', parseDate)
  .option('--retest <run>', 'directory of the later run in which the drill recovered')
  .addOption(signingKeyOption())
  .addOption(signingKeyFdOption())
  .addOption(evidenceOption())
  .addHelpText('after', examples)
  .action(async (directory: string, options: Options) => {
    const { as: role, comment, finding, cause, owner, due, ticket, until, retest } = options;
    const loaded = await readSigningKey({ file: options.signingKey, descriptor: options.signingKeyFd });
    if (!loaded)
      throw usage(
        'attest: a statement of a person needs their key',
        'Pass it with --signing-key; `swarm-drill keys init --output me.pem` makes one.',
      );
    for (const warning of loaded.warnings) console.error(`warning: ${warning}`);
    const people = (await loadFacts(options.evidence))?.facts.people;
    const name = options.name ?? nameOf(loaded.key.id, people);
    const { file, warnings } = await attest({
      directory,
      role,
      name,
      key: loaded.key,
      comment,
      allowed: listOf(role, people)?.map(({ key }) => key),
      ...(finding !== undefined && { finding }),
      ...(cause !== undefined && { cause }),
      ...(owner !== undefined && { owner }),
      ...(due !== undefined && { dueDate: due }),
      ...(ticket !== undefined && { ticket }),
      ...(until !== undefined && { suppressedUntil: until }),
      ...(retest !== undefined && { retest }),
    });
    for (const warning of warnings) console.error(`warning: ${warning}`);
    await updateHistory({ directory: await realpath(directory) }, { evidence: options.evidence }, (text) =>
      console.error(text),
    );
    console.log(`${directory}: signed as ${role} by ${name}, key ${loaded.key.id.slice(0, 12)}: ${file}`);
  });

type People = EvidenceFacts['people'];

/** Exceptions are decided by those who approve. */
function listOf(role: AttestationRole, people: People) {
  return role === 'reviewer' ? people?.reviewers : people?.approvers;
}

function nameOf(keyId: string, people: People): string {
  const all = [...(people?.reviewers ?? []), ...(people?.approvers ?? []), ...(people?.operators ?? [])];
  const name = all.find(({ key }) => key === keyId)?.name;
  if (name === undefined)
    throw usage(
      `attest: evidence.yml names no one with the key ${keyId}`,
      'Pass --name, or add the key to people in evidence.yml.',
    );
  return name;
}
