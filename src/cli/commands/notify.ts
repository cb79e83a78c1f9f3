// swarm-drill notify: sends a test message, so that a wrong address does not show only when a drill fails.
import { Command } from 'commander';
import { FACTS_FILE, loadFacts } from '../../evidence/facts/load.ts';
import { targetName } from '../../notify/config.ts';
import { loadRecipients } from '../../notify/load.ts';
import { testMessage } from '../../notify/message.ts';
import { deliver, describeDelivery, type Recipients } from '../../notify/notify.ts';
import { usage } from '../../support/errors.ts';
import { EXIT } from '../exit-codes.ts';
import { detectTrigger } from '../runner/trigger.ts';
import { evidenceOption, notifyOption } from './options.ts';

interface Options {
  readonly notify?: string;
  readonly evidence?: string;
}

export const notifySubcommand = new Command('notify').description('inform people of runs');

notifySubcommand
  .command('test')
  .description('send a test message to every target, or to one; exits with 2 if one is not delivered')
  .argument('[name]', 'name or kind of a target')
  .addOption(notifyOption())
  .addOption(evidenceOption())
  .action(async (name: string | undefined, { notify, evidence }: Options) => {
    const recipients = named(await loadRecipients(notify, evidence ?? FACTS_FILE), name);
    const system = (await loadFacts(evidence))?.facts.system;
    const deliveries = await deliver(testMessage({ system, link: detectTrigger().url }), recipients);
    for (const delivery of deliveries) console.log(describeDelivery(delivery));
    if (deliveries.some(({ result }) => result === 'failed')) process.exitCode = EXIT.inconclusive;
  });

/** @throws DrillError `usage` if there is no such target */
function named({ targets, directory }: Recipients, name: string | undefined): Recipients {
  const chosen = targets.filter(
    (target) => name === undefined || [targetName(target), target.kind].includes(name),
  );
  if (chosen.length > 0) return { targets: chosen, directory };
  throw usage(
    targets.length === 0
      ? 'no target is configured'
      : `no target is called ${name} (there are ${targets.map(targetName).join(', ')})`,
    'List targets in the part `notify` of evidence.yml, or in a file named with --notify; docs/nights.md describes them.',
  );
}
