// swarm-drill keys: makes the key with which runs or people sign, and shows the id of one.
import { existsSync } from 'node:fs';
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { createKeyPair, parseKeyId, parseSigningKey } from '../../../evidence/signing/keys.ts';
import { usage } from '../../../support/errors.ts';
import { syncDirectory } from '../../../support/write-file.ts';

const examples = `
Examples:
  swarm-drill keys init                       makes swarm-drill-key.pem (private) and swarm-drill-key.pub.pem
  swarm-drill keys init --output alice.pem    a key for a person who approves or reviews
  swarm-drill keys show swarm-drill-key.pem   its id and its public part`;

export const keysSubcommand = new Command('keys').description('make and show the keys that sign evidence');

keysSubcommand
  .command('init')
  .description('make an Ed25519 pair; never replaces a file')
  .option('--output <file>', 'of the private part; the public one is next to it', 'swarm-drill-key.pem')
  .addHelpText('after', examples)
  .action(async ({ output }: { output: string }) => {
    const publicFile = join(dirname(output), publicName(output));
    for (const file of [output, publicFile])
      if (existsSync(file))
        throw usage(
          `${file}: exists already`,
          'Choose another name with --output; a lost key is not made again.',
        );
    const { id, privatePem, publicPem } = createKeyPair();
    await mkdir(dirname(output), { recursive: true });
    await writeNew(output, privatePem, 0o600);
    await writeNew(publicFile, publicPem, 0o644);
    await syncDirectory(dirname(output));
    console.log(describePair({ id, output, publicFile }));
  });

keysSubcommand
  .command('show')
  .description('print the id and the public part of a key')
  .argument('<file>', 'of a private or a public key')
  .action(async (file: string) => {
    const pem = await readFile(file, 'utf8').catch((error: unknown) => {
      throw usage(
        `${file}: can't be read (${(error as NodeJS.ErrnoException).code})`,
        'Name the file of a key; `swarm-drill keys init` makes one.',
      );
    });
    if (!/PRIVATE KEY/.test(pem)) return console.log(`${parseKeyId(pem, file)}\n${pem.trim()}`);
    const { id, publicPem } = parseSigningKey(pem, file);
    console.log(`${id}\n${publicPem.trim()}`);
  });

/** Returns e.g. `key.pub.pem` for `key.pem`. */
const publicName = (output: string): string =>
  `${(output.split('/').at(-1) ?? output).replace(/\.pem$/, '')}.pub.pem`;

async function writeNew(path: string, text: string, mode: number): Promise<void> {
  await using file = await open(path, 'wx', mode);
  await file.writeFile(text);
  await file.sync();
}

const describePair = (made: { id: string; output: string; publicFile: string }): string => `key id: ${made.id}

private: ${made.output}
  Anyone who has it can sign as you. Keep it out of git, images, backups of the drilled swarm and reports/.
  On a machine: outside of the project, readable only by the account that runs the drills (it has mode 600 now):
    swarm-drill run --signing-key ~/.config/swarm-drill/${made.output.split('/').at(-1)}
  In CI: as a secret file, named by SWARM_DRILL_SIGNING_KEY_FILE; or through a descriptor, --signing-key-fd 3.
  Never as an argument or as the value of a variable: others on the machine can read those.

public: ${made.publicFile}
  Commit it, and give it to auditors over another way than the reports. They check with:
    swarm-drill verify reports --key ${made.publicFile}
  In evidence.yml it names a person: people: { operators: [{ name: Nightly CI, key: ${made.publicFile} }] }`;
