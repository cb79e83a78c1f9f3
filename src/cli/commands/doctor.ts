// swarm-drill doctor: checks what this machine can run, and how to fix problems.
import { Command } from 'commander';
import type { Observed } from '../../lab/examine.ts';
import { EXIT } from '../exit-codes.ts';
import { engineOption, jsonOption } from './options.ts';
import { createPalette } from '../terminal/palette.ts';

interface Options {
  readonly engine?: string;
  readonly json?: boolean;
}

export const doctorSubcommand = new Command('doctor')
  .description('check what this machine can run, and how to fix problems')
  .addOption(engineOption())
  .addOption(jsonOption('the results'))
  .action(async ({ engine, json }: Options) => {
    const { examineMachine } = await import('../../lab/examine.ts');
    const examination = await examineMachine(engine);
    const { observed, lab } = examination;
    console.log(
      json ? JSON.stringify(examination, undefined, 2) : observed.map(formatObservation).join('\n'),
    );
    if (!json)
      console.log(
        lab
          ? '\nDrills can run on this machine.'
          : '\nDrills cannot run on this machine: neither a Docker engine nor the embedded lab is available.',
      );
    if (!lab) process.exitCode = EXIT.inconclusive;
  });

function formatObservation({ subject, state, detail, mend }: Observed): string {
  const { green, red, yellow, dim } = createPalette(process.stdout);
  const paint = { ok: green, "can't": red, unproven: yellow }[state];
  const what = `${paint(state.padEnd(8))}  ${subject}: ${detail}`;
  return mend === undefined ? what : `${what}\n          ${dim(`what to do: ${mend}`)}`;
}
