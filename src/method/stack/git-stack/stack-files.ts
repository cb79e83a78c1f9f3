// The files of one commit on a manager, where the docker CLI makes a stack of them.
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { DrillError, finding } from '../../../support/errors.ts';
import type { Node } from '../../../swarm/node.ts';
import { toShellExports, parseEnvFile, redactValues } from './dotenv.ts';
import { runGit, TRANSFER_LIMIT } from '../git/git.ts';

/** What of a commit makes the stack. */
export interface StackCommit {
  readonly stack: string;
  readonly commit: string;
  /** Where in the repository the paths begin; empty, or with a slash at its end. */
  readonly prefix: string;
  readonly compose: readonly string[];
  readonly env?: string;
}

/** Reads all that it is sent, whatever tar thinks of it: an engine takes minutes to notice that nobody reads any more. */
const UNPACK =
  'umask 077; mkdir "$0/tree"; code=0; tar -x -C "$0/tree" || code=$?; cat >/dev/null; exit $code';

/** The CLI takes values from its environment alone, and env files hold passwords in practice: so they come by standard input. */
const IN_TREE = 'eval "$(cat)"; cd "$0"; exec "$@" </dev/null';

export class StackFiles implements AsyncDisposable {
  readonly node: Node;
  /** On the node; holds `tree` with the files of the commit. */
  readonly home: string;
  readonly #recipe: StackCommit;
  readonly #env: Readonly<Record<string, string>>;

  private constructor(node: Node, home: string, recipe: StackCommit, env: Readonly<Record<string, string>>) {
    this.node = node;
    this.home = home;
    this.#recipe = recipe;
    this.#env = env;
  }

  /**
   * Unpacks the commit, and nothing that is not in it.
   * @param place a directory for the harness' own use
   */
  static async unpack(
    node: Node,
    repository: string,
    recipe: StackCommit,
    place: string,
  ): Promise<StackFiles> {
    const { commit, prefix, env } = recipe;
    const text = env === undefined ? '' : await runGit(repository, ['show', `${commit}:${prefix}${env}`]);
    const values = parseEnvFile(text, env ?? '');
    const tar = join(place, 'tree.tar');
    await runGit(repository, ['archive', '--format=tar', `--output=${tar}`, commit], {
      limit: TRANSFER_LIMIT,
    });
    const home = (await node.exec(['mktemp', '-d', '/tmp/swarm-drill-stack-XXXXXX'])).trim();
    const files = new StackFiles(node, home, recipe, values);
    try {
      await node.exec(['sh', '-euc', UNPACK, home], { input: createReadStream(tar) });
    } catch (error) {
      await files[Symbol.asyncDispose]();
      throw error;
    }
    return files;
  }

  /**
   * The compose files as one, with every value filled in; paths as they are in the repository.
   * @throws DrillError `compose-invalid` with the CLI's words
   */
  async render(): Promise<string> {
    const config = await this.#docker(
      ['stack', 'config'],
      'compose-invalid',
      'the compose files are not valid',
    );
    return config.replaceAll(`${this.home}/tree/`, '');
  }

  /**
   * @param socket of the engine, or of who stands in for it
   * @throws DrillError `stack-refused`, with what the CLI made until then
   */
  deploy(socket = '/run/docker.sock'): Promise<string> {
    return this.#docker(
      ['stack', 'deploy', '--resolve-image', 'never', '--detach=true'],
      'stack-refused',
      `docker stack deploy did not take the stack ${this.#recipe.stack}`,
      [this.#recipe.stack],
      socket,
    );
  }

  /** The text with names in the place of the env file's values. */
  withoutValues(text: string): string {
    return redactValues(this.#env, text);
  }

  async version(): Promise<string> {
    return (await this.node.exec(['docker', 'version', '--format', '{{.Client.Version}}'])).trim();
  }

  async #docker(
    command: readonly string[],
    code: string,
    reason: string,
    last: readonly string[] = [],
    socket = '/run/docker.sock',
  ): Promise<string> {
    const files = this.#recipe.compose.flatMap((file) => ['--compose-file', file]);
    const argv = ['docker', '--host', `unix://${socket}`, ...command, ...files, ...last];
    try {
      return await this.node.exec(
        ['sh', '-euc', IN_TREE, `${this.home}/tree/${this.#recipe.prefix}`, ...argv],
        { input: toShellExports(this.#env) },
      );
    } catch (error) {
      if (!(error instanceof DrillError) || error.code !== 'command-failed') throw error;
      throw finding(reason, {
        code,
        command: argv.join(' '),
        node: this.node.name,
        ...(error.output === undefined ? {} : { output: this.withoutValues(error.output) }),
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.node.exec(['rm', '-rf', this.home]);
  }
}
