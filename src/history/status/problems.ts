// What is wrong with a drill, in words for a monitor.
import { formatAge } from './age.ts';
import type { DrillStatus } from './status.ts';

export interface Problem {
  /** `wrong`: exit code 1; `unknown`: exit code 2. */
  readonly kind: 'wrong' | 'unknown';
  readonly drill?: string;
  readonly text: string;
}

export function describeDrillProblems(status: DrillStatus): Problem[] {
  const { drill, state, reason, last } = status;
  if (state === 'retired') return [];
  const failed = state !== 'recovered' && state !== 'never ran';
  const because = state === 'did not end' ? '' : `: ${reason}`;
  return [
    ...(failed
      ? [
          {
            kind: 'wrong' as const,
            drill,
            text: `${state.replace('-', ' ')} in ${last?.directory ?? ''}${because}`,
          },
        ]
      : []),
    ...(status.overdue ? [{ kind: 'wrong' as const, drill, text: describeOverdue(status) }] : []),
    ...(state === 'never ran' && !status.overdue
      ? [{ kind: 'unknown' as const, drill, text: 'never ran to its end' }]
      : []),
  ];
}

export function describeOverdue({ ageSeconds, requiredSeconds }: DrillStatus): string {
  const required = `has to recover every ${formatAge(requiredSeconds ?? 0)}`;
  return ageSeconds === null
    ? `overdue: it never recovered, and ${required}`
    : `overdue: its last recovery is ${formatAge(ageSeconds)} old, and it ${required}`;
}
