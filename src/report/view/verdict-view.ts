// How verdicts and check results look: a word, a mark with a distinct shape, and a colour: colour is never the only sign.
import type { CheckOutcome } from '../../model/check.ts';
import type { Verdict } from '../../drill/verdict/verdict.ts';

export interface Sign {
  readonly word: string;
  /** CSS class, and which of the marks is drawn. */
  readonly tone: 'good' | 'bad' | 'open';
  readonly good: boolean;
  readonly bad: boolean;
  readonly open: boolean;
}

const createSign = (tone: Sign['tone'], word: string): Sign => ({
  word,
  tone,
  good: tone === 'good',
  bad: tone === 'bad',
  open: tone === 'open',
});

export const VERDICT_SIGNS: Readonly<Record<Verdict, Sign>> = {
  recovered: createSign('good', 'Recovered'),
  'not-recovered': createSign('bad', 'Not recovered'),
  inconclusive: createSign('open', 'Inconclusive'),
};

export const FINDING_SIGNS: Readonly<Record<CheckOutcome, Sign>> = {
  pass: createSign('good', 'Pass'),
  fail: createSign('bad', 'Fail'),
  unproven: createSign('open', 'Unproven'),
};
