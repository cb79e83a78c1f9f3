// Throwaway containers of the lab's engine that share the network or the processes of a node: for programs that the node's image lacks,
// and for a node that does not answer.
import type { ContainerProcess, ExecOptions } from '../../lab/engine/process.ts';
import { imageReference } from '../../lab/image/images.ts';
import { DRILL_LABEL, OWNER_LABEL, RUN_LABEL } from '../../lab/labels.ts';
import type { NodeParts } from './node.ts';

export interface HelperOptions {
  readonly argv: readonly string[];
  /** `network`: it has the node's addresses and firewall, and may change them. `processes`: it sees the processes of the
   * node and its tasks, and the node's file systems below `/proc/1/root`. */
  readonly shares: 'network' | 'processes';
  /** Sent as standard input. Default: none. */
  readonly input?: ExecOptions['input'];
}

/** Labels of the drill. Not those of the node itself: the helper is neither a node nor a part with a log. */
const LABELS = [RUN_LABEL, DRILL_LABEL, OWNER_LABEL];

/** Starts the program; its container removes itself when it ends. */
export async function startHelper(
  { lab, spec, id, outer }: NodeParts,
  { argv, shares, input }: HelperOptions,
): Promise<ContainerProcess> {
  const node = `container:${id}`;
  const helper = await outer.containers.create({
    Image: imageReference(lab, 'tools'),
    Entrypoint: argv,
    Cmd: [],
    User: '0:0',
    OpenStdin: true,
    StdinOnce: true,
    Labels: Object.fromEntries(Object.entries(spec.labels).filter(([label]) => LABELS.includes(label))),
    HostConfig: {
      AutoRemove: true,
      LogConfig: { Type: 'none', Config: {} },
      ...(shares === 'network'
        ? { NetworkMode: node, CapAdd: ['NET_ADMIN'] }
        : { NetworkMode: 'none', PidMode: node, Privileged: true }),
    },
  });
  try {
    return await outer.containers.startAttached(helper, input);
  } catch (error) {
    await outer.containers.remove(helper).catch(() => undefined);
    throw error;
  }
}
