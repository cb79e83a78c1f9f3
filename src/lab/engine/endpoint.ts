// From the address of an engine, as a person writes it, to a host that `connect` takes: contexts are looked up, ssh gets a tunnel.
import { usage } from '../../support/errors.ts';
import { clientAt } from './client.ts';
import { addressOfContext, listContexts } from './contexts.ts';
import { openTunnel } from './tunnel.ts';

/** An engine that can be connected to until this is disposed. */
export interface Endpoint extends AsyncDisposable {
  /** As the person named it. */
  readonly address: string;
  /** For `connect`. */
  readonly host: string;
}

/**
 * @param address `unix://`, `npipe://`, `tcp://`, `ssh://[user@]host[:port][/socket]`, or the name of a docker context
 * @throws DrillError `usage` for any other form or an unknown context; `no-engine` if the tunnel can't be opened
 */
export async function openEndpoint(address: string): Promise<Endpoint> {
  const url = URL.parse(address);
  if (url?.protocol === 'ssh:') {
    const tunnel = await openTunnel(url);
    return { address, host: tunnel.host, [Symbol.asyncDispose]: () => tunnel[Symbol.asyncDispose]() };
  }
  if (url === null && address !== '') {
    const ofContext = addressOfContext(address);
    if (ofContext === undefined) throw unknownEngine(address);
    return { ...(await openEndpoint(ofContext)), address };
  }
  clientAt(address);
  return { address, host: address, async [Symbol.asyncDispose]() {} };
}

function unknownEngine(address: string): Error {
  const contexts = listContexts();
  const known = contexts.length > 0 ? contexts.join(', ') : 'there is none';
  return usage(
    `expected an engine at unix://, npipe://, tcp:// or ssh://, or a docker context (${known}), got "${address}"`,
    'Give --engine or DOCKER_HOST the form unix:///var/run/docker.sock, tcp://host:2375 or ssh://user@host.',
  );
}
