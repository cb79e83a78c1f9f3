// The people of an evidence.yml: who may run, approve and review, and with which key each of them signs.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { reasonOf, usage } from '../../support/errors.ts';
import { parseYaml } from '../../support/yaml.ts';
import { readPublicKey, type PublicKey } from './keys.ts';

const PersonEntry = z.object({ name: z.string(), key: z.string() });
export const PeopleFacts = z.object({
  operators: z.array(PersonEntry).optional(),
  approvers: z.array(PersonEntry).optional(),
  reviewers: z.array(PersonEntry).optional(),
});
type PeopleFacts = z.infer<typeof PeopleFacts>;
const PeopleFile = z.looseObject({ people: PeopleFacts });

export interface People {
  /** Key ids by role. */
  readonly operators: ReadonlySet<string>;
  readonly approvers: ReadonlySet<string>;
  readonly reviewers: ReadonlySet<string>;
  /** Of those whose key is a file, not only an id. */
  readonly keys: readonly PublicKey[];
}

/** Reads the people of the auditor's copy of evidence.yml. Files of keys are relative to it. @throws DrillError `usage` */
export function readPeople(file: string): People {
  const { people: facts } = parseYaml(PeopleFile, readText(file), {
    name: file,
    hint: 'Pass a file with `people:` and in it operators, approvers and reviewers, each with name and key.',
  });
  const keys: PublicKey[] = [];
  const idsOf = (entries: PeopleFacts['operators'] = []): Set<string> =>
    new Set(
      entries.map(({ key }) => {
        if (isKeyId(key)) return key;
        const found = readPublicKey(path.resolve(path.dirname(file), key));
        keys.push(found);
        return found.id;
      }),
    );
  return {
    operators: idsOf(facts.operators),
    approvers: idsOf(facts.approvers),
    reviewers: idsOf(facts.reviewers),
    keys,
  };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw usage(`${file}: unreadable: ${reasonOf(error)}`, 'Pass your copy of evidence.yml with --people.');
  }
}

export const isKeyId = (text: string): boolean => /^[0-9a-f]{64}$/.test(text);
