// What `docker stack deploy` would make of a commit, in the CLI's own words and without making it: the CLI has no dry run
// (https://github.com/docker/cli/issues/53), so it talks to a stand-in that passes questions on and writes changes down.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { DrillError } from '../../../support/errors.ts';
import type { ServiceSpec } from '../../../swarm/portable.ts';
import type { SecretOrConfig } from '../service-export/swarm-objects.ts';
import type { StackFiles } from './stack-files.ts';

const PROGRAM = readFileSync(join(import.meta.dirname, 'dry-run.py'), 'utf8');

export interface DryRun {
  readonly services: readonly ServiceSpec[];
  /** As asked for: subnets only where a compose file names them. */
  readonly networks: readonly (Readonly<Record<string, unknown>> & { readonly Name: string })[];
  readonly configs: readonly SecretOrConfig['Spec'][];
  /** Without their values. */
  readonly secrets: readonly SecretOrConfig['Spec'][];
}

/** @throws DrillError `stack-refused` */
export async function dryRunDeploy(files: StackFiles): Promise<DryRun> {
  const curtain = new PassThrough();
  const running = await files.node.toolbox({
    argv: ['python3', '-c', PROGRAM],
    volumes: { [files.home]: '/stage', '/run/docker.sock': '/run/engine.sock' },
    input: curtain,
  });
  const lines = createInterface({ input: running.io })[Symbol.asyncIterator]();
  try {
    if ((await lines.next()).value !== 'ready')
      throw new DrillError('the rehearsal of docker stack deploy did not begin', {
        code: 'rehearsal',
        node: files.node.name,
        output: running.stderr(),
      });
    await files.deploy(`${files.home}/api.sock`);
  } finally {
    curtain.end();
  }
  const asked: Record<string, unknown[]> = { services: [], networks: [], configs: [], secrets: [] };
  for (let line = await lines.next(); !line.done; line = await lines.next()) {
    const [kind, body] = JSON.parse(line.value) as [string, unknown];
    asked[kind]?.push(body);
  }
  return asked as unknown as DryRun;
}
