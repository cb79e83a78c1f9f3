// The controls that evidence.yml maps the drills to. Without a mapping there is one objective: that the drills recover.
import type { EvidencePredicate } from '../evidence/statement/predicate.ts';
import { count } from '../support/count.ts';

export interface ControlClaim {
  /** E.g. `SOC 2 A1.3`. */
  readonly name: string;
  /** Token: no spaces, begins with a letter. E.g. `soc-2-a1.3`. */
  readonly id: string;
  readonly evidenceFor: string | null;
  readonly notEvidenceFor: string | null;
}

const UNMAPPED: ControlClaim = {
  name: 'restore drills',
  id: 'restore-drills',
  evidenceFor: 'that the drills of the run recover within their objectives',
  notEvidenceFor: 'a control of a framework: evidence.yml maps none',
};

export function listControls({ identity }: EvidencePredicate): ControlClaim[] {
  const mapped = identity.controls.map((control) => ({
    name: `${control.framework} ${control.id}`,
    id: toToken(`${control.framework} ${control.id}`),
    evidenceFor: control['evidence-for'] ?? null,
    notEvidenceFor: control['not-evidence-for'] ?? null,
  }));
  return mapped.length > 0 ? mapped : [UNMAPPED];
}

/** Returns a name of XML without a colon, as OSCAL's tokens are. */
export function toToken(text: string): string {
  const token = text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}.]+/gu, '-')
    .replaceAll(/^-|-$/g, '');
  return /^\p{L}/u.test(token) ? token : `_${token}`;
}

/** Whether the run shows what a control asks for. Inconclusive is not satisfied: nothing was shown. */
export const isSatisfied = ({ results }: EvidencePredicate): boolean => results.verdict === 'recovered';

/** Returns why, in one sentence. */
export function describeOutcome({ results }: EvidencePredicate): string {
  const others = results.drills.filter(({ verdict }) => verdict !== 'recovered');
  if (others.length === 0) return `${count(results.drills.length, 'drill')} recovered`;
  return others.map(({ drill, verdict, reason }) => `${drill}: ${verdict}: ${reason}`).join('; ');
}
