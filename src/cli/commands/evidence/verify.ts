// swarm-drill verify: verifies evidence. The verifier is a program that an auditor can read and run without the rest: src/verify/.
import { Command } from 'commander';
import { USAGE } from '../../../verify/arguments.ts';
import { runVerifier } from '../../../verify/run.ts';

export const verifySubcommand = new Command('verify')
  .description('verify the evidence of a run, or of a directory of runs, without a network')
  .argument('[arguments...]')
  .helpOption(false)
  .allowUnknownOption()
  .passThroughOptions()
  .action(async (_arguments: string[], _options: object, command: Command) => {
    process.exitCode = await runVerifier(command.args);
  });
verifySubcommand.helpInformation = () => `${USAGE}\n`;
