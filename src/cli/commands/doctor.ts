// swarm-drill doctor: checks what this machine can run, and how to fix problems.
import { Command } from 'commander';
import type { DoctorRow } from '../../lab/doctor.ts';
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
    const { runDoctor } = await import('../../lab/doctor.ts');
    const result = await runDoctor(engine);
    const { observed, lab } = result;
    console.log(json ? JSON.stringify(result, undefined, 2) : observed.map(formatDoctorRow).join('\n'));
    if (!json)
      console.log(
        lab
          ? '\nDrills can run on this machine.'
          : '\nDrills cannot run on this machine: neither a Docker engine nor the embedded lab is available.',
      );
    if (!lab) process.exitCode = EXIT.inconclusive;
  });

function formatDoctorRow({ subject, state, detail, fix }: DoctorRow): string {
  const { green, red, yellow, dim } = createPalette(process.stdout);
  const paint = { ok: green, "can't": red, unproven: yellow }[state];
  const what = `${paint(state.padEnd(8))}  ${subject}: ${detail}`;
  return fix === undefined ? what : `${what}\n          ${dim(`what to do: ${fix}`)}`;
}
