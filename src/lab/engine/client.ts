// dockerode clients: for an engine at an address, or inside a container.
import Docker from 'dockerode';
import { Agent, type ClientRequestArgs } from 'node:http';
import type { Duplex } from 'node:stream';
import { usage } from '../../support/errors.ts';
import type { Engine } from './engine.ts';

/** @throws DrillError `usage` */
export function clientAt(host: string): Docker {
  const url = new URL(host);
  if (url.protocol === 'unix:') return new Docker({ socketPath: url.pathname });
  if (url.protocol === 'npipe:') return new Docker({ socketPath: host.slice('npipe://'.length) });
  if (url.protocol === 'tcp:' || url.protocol === 'http:' || url.protocol === 'https:') {
    const secure = process.env['DOCKER_TLS_VERIFY'] ? { protocol: 'https' as const } : {};
    return new Docker({ host: url.hostname, port: url.port || 2375, ...secure });
  }
  throw usage(
    `expected an engine at unix://, npipe:// or tcp://, got "${host}"`,
    'give --engine or DOCKER_HOST the form unix:///var/run/docker.sock',
  );
}

/** Each connection is a `docker system dial-stdio` in the container. */
export function clientInside(outer: Engine, container: string): Docker {
  const dialStdio = ['docker', '--host', 'unix:///run/docker.sock', 'system', 'dial-stdio'];
  class DialAgent extends Agent {
    override createConnection(
      _options: ClientRequestArgs,
      done: (error: Error | null, socket?: Duplex) => void,
    ): undefined {
      outer.containers.startProcess(container, dialStdio).then(
        (running) => done(null, running.asSocket()),
        (error: unknown) => done(error as Error),
      );
      return undefined;
    }
  }
  const agent = new DialAgent({ keepAlive: true, maxSockets: 8 });
  return new Docker({ protocol: 'http', host: 'node', port: 80, agent } as Docker.DockerOptions);
}
