// dockerode clients: for an engine at an address, or inside a container.
import Docker from 'dockerode';
import { Agent, type ClientRequestArgs } from 'node:http';
import type { Duplex } from 'node:stream';
import { usage } from '../../support/errors.ts';
import type { Engine } from './engine.ts';

/** @throws DrillError `usage` */
export function clientAt(host: string): Docker {
  const url = URL.parse(host);
  const isSocket = url?.protocol === 'unix:' || url?.protocol === 'npipe:';
  if (isSocket && url.pathname.length > 1)
    return new Docker({
      socketPath: url.protocol === 'unix:' ? decodeURIComponent(url.pathname) : host.slice('npipe://'.length),
    });
  if (url?.hostname && ['tcp:', 'http:', 'https:'].includes(url.protocol)) {
    const secure = process.env['DOCKER_TLS_VERIFY'] ? { protocol: 'https' as const } : {};
    return new Docker({ host: url.hostname, port: url.port || 2375, ...secure });
  }
  throw usage(
    `expected an engine at unix://, npipe:// or tcp://, got "${host}"`,
    'Give --engine or DOCKER_HOST the form unix:///var/run/docker.sock or tcp://host:2375.',
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
