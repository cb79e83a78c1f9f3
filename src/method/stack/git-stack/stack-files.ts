// The files of one commit on a manager, where the docker CLI renders and deploys them.
import { createReadStream } from 'node:fs';
import { posix } from 'node:path';
import { z } from 'zod';
import { DrillError, finding, reasonOf } from '../../../support/errors.ts';
import { lastLine } from '../../../support/command-reason.ts';
import { requireStackConfig, stackDeployOptions } from '../../../swarm/docker-cli.ts';
import type { Node } from '../../../swarm/node/node.ts';
import { exportCommit } from '../git/export-commit.ts';
import { runGit } from '../git/git.ts';
import type { ComposeDirectory } from './bind-sources.ts';
import { parseEnvFile, redactValues, toShellExports } from './dotenv.ts';

/** The files of a commit that make up a stack. */
export const StackCommit = z.object({
  stack: z.string().min(1),
  commit: z.string().regex(/^[0-9a-f]{40,64}$/),
  /** Directory in the repository that `compose` and `env` are relative to: empty, or with a trailing slash. */
  prefix: z.string(),
  compose: z.array(z.string()).min(1),
  env: z.string().optional(),
});
export type StackCommit = Readonly<z.infer<typeof StackCommit>>;

/** Reads all of its input, even when tar fails: an engine takes minutes to notice that nothing reads any more. */
const UNPACK =
  'umask 077; mkdir "$0/tree"; code=0; tar -x -o -C "$0/tree" || code=$?; cat >/dev/null; exit $code';

/**
 * The CLI takes values only from its environment, and env files hold passwords in practice, so they arrive on standard input. The last
 * line ends them: an engine may lose the end of an input that is closed right after the start, and the shell would wait forever.
 */
const IN_TREE = `while IFS= read -r line && [ "$line" != '# end' ]; do eval "$line"; done; cd "$0"; exec "$@" </dev/null`;
const END = '# end\n';

const ENGINE_SOCKET = '/run/docker.sock';

export class StackFiles implements AsyncDisposable {
  readonly node: Node;
  /** Directory on the node; its subdirectory `tree` holds the files of the commit. */
  readonly directory: string;
  /** Path of a tar of these files on this machine. */
  readonly tar: string;
  readonly #commit: StackCommit;
  readonly #env: Readonly<Record<string, string>>;

  private constructor(
    node: Node,
    directory: string,
    tar: string,
    commit: StackCommit,
    env: Readonly<Record<string, string>>,
  ) {
    this.node = node;
    this.directory = directory;
    this.tar = tar;
    this.#commit = commit;
    this.#env = env;
  }

  /**
   * Unpacks the commit on the node, and nothing that is not in the commit.
   * @param directory a temporary directory on this machine
   * @throws DrillError `env-file`
   */
  static async unpack(
    node: Node,
    repository: string,
    stackCommit: StackCommit,
    directory: string,
  ): Promise<StackFiles> {
    const { commit, prefix, env } = stackCommit;
    const text = env === undefined ? '' : await runGit(repository, ['show', `${commit}:${prefix}${env}`]);
    const values = parseEnvFile(text, env ?? '');
    const tar = await exportCommit(repository, commit, directory);
    const onNode = (await node.exec(['mktemp', '-d', '/tmp/swarm-drill-stack-XXXXXX'])).trim();
    const files = new StackFiles(node, onNode, tar, stackCommit, values);
    try {
      await node.exec(['sh', '-euc', UNPACK, onNode], { input: createReadStream(tar) });
    } catch (error) {
      await files[Symbol.asyncDispose]();
      throw error;
    }
    return files;
  }

  /** Where the CLI resolves relative paths, unless it is named another directory. */
  get place(): ComposeDirectory {
    return { tree: `${this.directory}/tree`, prefix: this.#commit.prefix };
  }

  /**
   * Returns the compose files merged into one, with all values filled in and paths relative to the repository.
   * @throws DrillError `compose-invalid`, `old-cli`
   */
  async render(): Promise<string> {
    await requireStackConfig(this.node);
    const config = await this.#docker('config', { code: 'compose-invalid' });
    return config.replaceAll(`${this.place.tree}/`, '');
  }

  /**
   * Runs `docker stack deploy`.
   * @param target the socket of the engine, or of a proxy for it, and the directory on the node that has the compose files
   * @throws DrillError `stack-refused`; its output lists what the CLI created before it failed
   */
  async deploy(target: { readonly socket?: string; readonly directory?: string } = {}): Promise<string> {
    const options = await stackDeployOptions(this.node);
    return this.#docker('deploy', {
      code: 'stack-refused',
      ...target,
      options,
      operands: [this.#commit.stack],
    });
  }

  /** Returns the text with names in place of the values of the env file. */
  redactValues(text: string): string {
    return redactValues(this.#env, text);
  }

  async dockerVersion(): Promise<string> {
    return (await this.node.exec(['docker', 'version', '--format', '{{.Client.Version}}'])).trim();
  }

  async #docker(
    subcommand: 'config' | 'deploy',
    { code, socket = ENGINE_SOCKET, directory, options = [], operands = [] }: StackCommandOptions,
  ): Promise<string> {
    const files = this.#commit.compose.flatMap((file) => ['--compose-file', file]);
    const stack = ['docker', '--host', `unix://${socket}`, 'stack', subcommand];
    const argv = [...stack, ...options, ...files, ...operands];
    const { tree, prefix } = this.place;
    try {
      return await this.node.exec(['sh', '-euc', IN_TREE, directory ?? posix.join(tree, prefix), ...argv], {
        input: `${toShellExports(this.#env)}${END}`,
      });
    } catch (error) {
      if (!(error instanceof DrillError) || error.code !== 'command-failed') throw error;
      const output = this.redactValues(error.output ?? '');
      throw finding(`docker stack ${subcommand}: ${lastLine(output) ?? reasonOf(error)}`, {
        code,
        command: argv.join(' '),
        node: this.node.name,
        output,
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.node.exec(['rm', '-rf', this.directory]);
  }
}

interface StackCommandOptions {
  /** Code of the error when the command fails. */
  readonly code: string;
  readonly socket?: string;
  readonly directory?: string;
  readonly options?: readonly string[];
  readonly operands?: readonly string[];
}
