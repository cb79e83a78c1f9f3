// swarm-drill doctor: what this machine can and can't prove, and how to mend it.
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
  .description("say what this machine can and can't prove, and how to mend it")
  .addOption(engineOption())
  .addOption(jsonOption('what was seen'))
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
          ? '\ndrills can run here'
          : "\ndrills can't run here: neither an engine nor the embedded lab is in reach",
      );
    if (!lab) process.exitCode = EXIT.inconclusive;
  });

function formatObservation({ subject, state, detail, mend }: Observed): string {
  const { green, red, yellow, dim } = createPalette(process.stdout);
  const paint = { ok: green, "can't": red, unproven: yellow }[state];
  const what = `${paint(state.padEnd(8))}  ${subject}: ${detail}`;
  return mend === undefined ? what : `${what}\n          ${dim(`what to do: ${mend}`)}`;
}
