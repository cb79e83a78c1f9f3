// Throwaway containers on a node, as root: they read and write volumes, or run a backup program.
import type { Engine } from '../../lab/engine/engine.ts';
import { uploadFiles } from '../../lab/engine/files.ts';
import type { ContainerProcess, ExecOptions } from '../../lab/engine/process.ts';
import { seconds } from '../../support/clock.ts';
import { currentSignal } from '../../support/trace.ts';

export interface ToolOptions {
  readonly argv: readonly string[];
  /** Volume's name, or path on the node, to the path in the container (with `:ro` where it is only read). Default none. */
  readonly volumes?: Readonly<Record<string, string>>;
  /** Nothing secret: anyone with access to the engine can read it. Secrets go into `files`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Path in the container (without the leading slash) to text; only root can read it, and it goes with the container. */
  readonly files?: Readonly<Record<string, string>>;
  /** `host` is the node's network, from which the vault can be reached. Default `none`. */
  readonly network?: 'none' | 'host';
  /** Role of the image: `tools` has every backup program. Default `toolbox`: Python, and GNU tar with attributes and ACLs. */
  readonly image?: string;
  readonly input?: ExecOptions['input'];
}

/** @param image its reference */
export async function startTool(
  engine: Engine,
  image: string,
  { argv, volumes = {}, env = {}, files, network = 'none', input }: ToolOptions,
): Promise<ContainerProcess> {
  const { containers } = engine;
  const id = await containers.create({
    Image: image,
    Entrypoint: argv,
    Cmd: [],
    User: '0:0',
    OpenStdin: true,
    StdinOnce: true,
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    HostConfig: {
      NetworkMode: network,
      AutoRemove: true,
      // The caller reads its output. The engine's log would write volumes to a disk twice, and take twice the time.
      LogConfig: { Type: 'none', Config: {} },
      Binds: Object.entries(volumes).map(([name, path]) => `${name}:${path}`),
    },
  });
  try {
    if (files) await uploadFiles(engine, id, files, 0o600);
    const running = await containers.startAttached(id, input);
    stopOnAbort(engine, id, running);
    return running;
  } catch (error) {
    // It removes itself when it ends, and it never started; there may be keys in it.
    await containers.remove(id).catch(() => undefined);
    throw error;
  }
}

/** How long a program may take to exit cleanly after the work was aborted. */
const GRACE = seconds(10);

/** Stops the program of a throwaway container, as Ctrl-C would, when the present work is aborted. */
function stopOnAbort({ containers }: Engine, id: string, running: ContainerProcess): void {
  const signal = currentSignal();
  const stop = (): void =>
    void containers.stop(id, { grace: GRACE, signal: 'SIGINT' }).catch(() => undefined);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  const forget = (): void => signal.removeEventListener('abort', stop);
  running.exitCode().then(forget, forget);
}
