// What `docker stack deploy` would create from a commit. The CLI has no dry run (https://github.com/docker/cli/issues/53), so it deploys
// to a proxy that forwards reads to the engine, and records writes instead of making them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import type { NetworkSpec, SecretOrConfigSpec, ServiceSpec } from '../../../lab/engine/api.ts';
import { DrillError } from '../../../support/errors.ts';
import type { StackFiles } from './stack-files.ts';

const PROXY = readFileSync(join(import.meta.dirname, 'dry-run.py'), 'utf8');

/** What the CLI asked the engine to create. */
export interface DryRun {
  readonly services: readonly ServiceSpec[];
  /** With subnets only where a compose file names them. */
  readonly networks: readonly NetworkSpec[];
  readonly configs: readonly SecretOrConfigSpec[];
  /** Without their values. */
  readonly secrets: readonly SecretOrConfigSpec[];
}

/** @throws DrillError `stack-refused` */
export async function dryRunDeploy(files: StackFiles): Promise<DryRun> {
  const proxyStream = new PassThrough();
  const proxy = await files.node.startTool({
    argv: ['python3', '-c', PROXY],
    volumes: { [files.directory]: '/dry-run', '/run/docker.sock': '/run/engine.sock' },
    input: proxyStream,
  });
  const lines = createInterface({ input: proxy.io })[Symbol.asyncIterator]();
  try {
    if ((await lines.next()).value !== 'ready')
      throw new DrillError('the proxy for the dry run of docker stack deploy did not start', {
        code: 'dry-run',
        node: files.node.name,
        output: proxy.stderr(),
      });
    await files.deploy({ socket: `${files.directory}/api.sock` });
  } finally {
    proxyStream.end();
  }
  const requests: Record<string, unknown[]> = { services: [], networks: [], configs: [], secrets: [] };
  for (let line = await lines.next(); !line.done; line = await lines.next()) {
    const [kind, body] = JSON.parse(line.value) as [string, unknown];
    requests[kind]?.push(body);
  }
  return requests as unknown as DryRun;
}
