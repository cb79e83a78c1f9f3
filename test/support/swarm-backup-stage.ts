// For tests of `swarm backup` and `swarm restore` on nodes of the lab: a swarm with something in it, and the program as a person
// would start it.
import { execa } from 'execa';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pack, type Header } from 'tar-stream';
import { seconds } from '../../src/support/clock.ts';
import { waitUntil } from '../../src/support/poll.ts';
import { Scope } from '../../src/support/scope.ts';
import type { Node } from '../../src/swarm/node/node.ts';
import { Site } from '../../src/swarm/site.ts';
import { Swarm } from '../../src/swarm/swarm.ts';
import { surveyDirectory } from '../../src/swarm-backup/file/entries.ts';
import type { Manifest } from '../../src/swarm-backup/file/manifest.ts';
import { readSwarmFile } from '../../src/swarm-backup/file/read.ts';
import { fileSource, fileTarget } from '../../src/swarm-backup/file/target.ts';
import { createSwarmFile } from '../../src/swarm-backup/file/write.ts';
import { MAIN, ROOT } from './program.ts';

export interface Outcome {
  readonly exitCode: number | undefined;
  /** What `--json` printed. */
  readonly json: Readonly<Record<string, unknown>>;
  readonly stderr: string;
}

export interface Stage extends AsyncDisposable {
  readonly site: Site;
  readonly swarm: Swarm;
  /** Path of a file of this test. */
  path(name: string): string;
  readonly identity: string;
  /** Options of a backup and of a restore, in the order of their names. */
  readonly sealed: readonly string[];
  readonly opened: readonly string[];
  backup(node: string, file: string, ...more: string[]): Promise<Outcome>;
  restore(node: string, file: string, ...more: string[]): Promise<Outcome>;
}

export async function openStage(drill: string, managers = 1): Promise<Stage> {
  const scope = new Scope();
  const home = await mkdtemp(join(tmpdir(), 'swarm-drill-stage-'));
  scope.defer('remove the files', () => rm(home, { recursive: true, force: true }));
  const site = await Site.open({ lab: inject('lab'), run: `test-${process.pid}`, drill, scope });
  const swarm = await Swarm.start(site, { managers, workers: 0 });
  const path = (name: string): string => join(home, name);
  const identity = await generateX25519Identity();
  await writeFile(path('identity'), `# a comment, as age-keygen writes it\n${identity}\n`);
  await writeFile(path('recipients'), `${await identityToRecipient(identity)}\n`);
  const sealed = ['--recipient-file', path('recipients')];
  const opened = ['--identity-file', path('identity')];
  return {
    site,
    swarm,
    path,
    identity,
    sealed,
    opened,
    backup: (node, file, ...more) =>
      outcomeOf(program(['backup', ...onNode(site, node), '--output', path(file), ...sealed, ...more])),
    restore: (node, file, ...more) =>
      outcomeOf(program(['restore', ...onNode(site, node), '--input', path(file), ...opened, ...more])),
    [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
  };
}

/** @param node a container's name */
export const onNode = ({ lab }: Site, node: string): string[] => ['--engine', lab.host, '--node', node];

export const program = (args: readonly string[]) =>
  execa(process.execPath, [MAIN, 'swarm', ...args, '--json'], { cwd: ROOT, reject: false });

export async function outcomeOf(running: ReturnType<typeof program>): Promise<Outcome> {
  const { exitCode, stdout, stderr } = await running;
  return { exitCode, stderr, json: stdout === '' ? {} : (JSON.parse(stdout) as Outcome['json']) };
}

/** Starts the program, and sends it a signal, once, when it has printed that it ended the step called `step`. */
function programWith(
  signal: NodeJS.Signals,
  step: string,
  args: readonly string[],
): ReturnType<typeof program> {
  const running = program(args);
  let printed = '';
  const listen = (chunk: Buffer): void => {
    printed += chunk.toString();
    if (!printed.includes(`: ${step} `)) return;
    running.stderr.off('data', listen);
    running.kill(signal);
  };
  running.stderr.on('data', listen);
  return running;
}

/** Runs the program until it has ended `step`, and kills it there. */
export async function killedAfter(step: string, args: readonly string[]): Promise<void> {
  const { signal, stderr } = await programWith('SIGKILL', step, args);
  if (signal !== 'SIGKILL') throw new Error(`it never came to "${step}", and printed: ${stderr}`);
}

/** Runs the program until it has ended `step`, and interrupts it there, as Ctrl-C does. */
export const interruptedAfter = (step: string, args: readonly string[]): Promise<Outcome> =>
  outcomeOf(programWith('SIGINT', step, args));

export interface Change {
  readonly manifest?: (manifest: Manifest) => Manifest;
  /** Other content for a file in it; undefined to leave it out. */
  readonly content?: (path: string, bytes: Buffer) => Buffer | undefined;
}

/** Writes a complete file, sealed for `identity`, with other contents than `from`. */
export async function forge(
  { path, identity }: Pick<Stage, 'path' | 'identity'>,
  from: string,
  to: string,
  change: Change,
): Promise<void> {
  const { manifest: other = (same) => same, content: changed = (_path, same) => same } = change;
  const entries: { header: Pick<Header, 'name' | 'type' | 'mode'>; bytes: Buffer }[] = [];
  const key = { identities: [identity] };
  const manifest = await readSwarmFile(
    fileSource(path(from)),
    key,
    async ({ path: name, type, mode }, content) => {
      const bytes = changed(name, await buffer(content));
      if (bytes) entries.push({ header: { name, type, mode }, bytes });
    },
  );
  const tar = (): Readable => {
    const made = pack();
    for (const { header, bytes } of entries) made.entry(header, bytes);
    made.finalize();
    return Readable.from(made);
  };
  const { files } = await surveyDirectory(tar());
  const target = fileTarget(path(to));
  await using file = await createSwarmFile(target, { recipients: [await identityToRecipient(identity)] });
  await file.write(other({ ...manifest, id: randomBytes(16).toString('hex'), files: [...files] }), tar());
  await target.publish();
}

const IDLE = 'import signal; signal.signal(signal.SIGTERM, lambda *_: exit(0)); signal.pause()';

/** A service with a secret and a config, running. @returns the secret's value */
export async function seedService(swarm: Swarm, node: Node, name = 'keeper'): Promise<string> {
  const value = randomBytes(12).toString('hex');
  await node.exec(['docker', 'secret', 'create', `${name}-secret`, '-'], { input: value });
  await node.exec(['docker', 'config', 'create', `${name}-config`, '-'], { input: `config of ${name}` });
  await startService(swarm, node, name, ['--secret', `${name}-secret`, '--config', `${name}-config`]);
  return value;
}

export async function startService(
  swarm: Swarm,
  node: Node,
  name: string,
  options: readonly string[] = [],
): Promise<void> {
  const image = swarm.imageOf('toolbox');
  await node.exec([
    ...['docker', 'service', 'create', '--detach', '--no-resolve-image', '--name', name, ...options],
    ...[image, 'python3', '-c', IDLE],
  ]);
  // On any node.
  await waitUntil(`the service ${name}`, async () => {
    const list = ['docker', 'service', 'ls', '--filter', `name=${name}`, '--format', '{{.Replicas}}'];
    const replicas = (await node.exec(list)).trim();
    return replicas === '1/1' ? { done: true } : { notYet: replicas };
  });
}

/** Locks the swarm of `node`, and waits until its own key is locked, too. @returns the unlock key */
export async function autolock(node: Node): Promise<string> {
  await node.exec(['docker', 'swarm', 'update', '--autolock']);
  await waitUntil('the key to be locked', async () => {
    const key = await node.exec(['cat', '/var/lib/docker/swarm/certificates/swarm-node.key']);
    return key.includes('ENCRYPTED') ? { done: true } : { notYet: 'it is plain' };
  });
  return (await node.exec(['docker', 'swarm', 'unlock-key', '--quiet'])).trim();
}

/** The running container of a service, newly asked for. */
export const containerOf = (node: Node, service: string): Promise<string> =>
  waitUntil(
    `a container of ${service}`,
    async () => {
      const label = `label=com.docker.swarm.service.name=${service}`;
      const id = (await node.exec(['docker', 'ps', '--quiet', '--no-trunc', '--filter', label])).trim();
      if (id !== '') return { done: id };
      return {
        notYet: await node.exec([
          'docker',
          'service',
          'ps',
          '--format',
          '{{.CurrentState}} {{.Error}}',
          service,
        ]),
      };
    },
    { limit: seconds(120) },
  );

/** What a task of the service has for its secret and its config. */
export async function seenInside(node: Node, service = 'keeper'): Promise<string[]> {
  const container = await containerOf(node, service);
  const read = (path: string): Promise<string> => node.exec(['docker', 'exec', container, 'cat', path]);
  return [await read(`/run/secrets/${service}-secret`), await read(`/${service}-config`)];
}

/** When the node's container was last started: another time is another life of its engine. */
export const startOf = (node: Node): Promise<string> => node.exec(['stat', '--format', '%Y.%i', '/run']);

/** The entries of the data root that a backup or restore creates or uses. */
export const leftIn = async (node: Node): Promise<string[]> =>
  (await node.exec(['sh', '-c', 'cd /var/lib/docker; ls -d swarm*'])).trim().split('\n').sort();

export const servicesOf = async (node: Node): Promise<string[]> =>
  (await node.exec(['docker', 'service', 'ls', '--format', '{{.Name}}']))
    .trim()
    .split('\n')
    .filter(Boolean)
    .sort();

/** Digest of every file of the swarm directory but those that a running engine writes to. */
export const digestOf = (node: Node): Promise<string> =>
  node.exec([
    'sh',
    '-c',
    'cd /var/lib/docker && find swarm/certificates swarm/docker-state.json -type f | sort | xargs sha256sum',
  ]);
