// dockerode clients: for an engine at an address, or inside a container.
import Docker from 'dockerode';
import { existsSync, readFileSync } from 'node:fs';
import { Agent, type ClientRequestArgs } from 'node:http';
import { join } from 'node:path';
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
    const certificates = url.searchParams.get('certificates');
    if (certificates !== null)
      return new Docker({
        host: url.hostname,
        port: url.port || 2376,
        protocol: 'https',
        ...readCertificates(certificates),
      });
    const secure = process.env['DOCKER_TLS_VERIFY'] ? { protocol: 'https' as const } : {};
    return new Docker({ host: url.hostname, port: url.port || 2375, ...secure });
  }
  throw usage(
    `expected an engine at unix://, npipe:// or tcp://, got "${host}"`,
    'Give --engine or DOCKER_HOST the form unix:///var/run/docker.sock or tcp://host:2375.',
  );
}

const CERTIFICATE_FILES = { ca: 'ca.pem', cert: 'cert.pem', key: 'key.pem' } as const;

/** Reads the files of a directory as the Docker CLI names them. A file may be missing: then the system's CAs, or no client certificate. */
function readCertificates(directory: string): { ca?: string; cert?: string; key?: string } {
  if (!existsSync(directory))
    throw usage(
      `expected the certificates of the engine in ${directory}, which does not exist`,
      'Correct the docker context or the address.',
    );
  const entries = Object.entries(CERTIFICATE_FILES)
    .map(([name, file]) => [name, join(directory, file)] as const)
    .filter(([, path]) => existsSync(path));
  return Object.fromEntries(entries.map(([name, path]) => [name, readFileSync(path, 'utf8')]));
}

/** Returns what programs that read the Docker CLI's environment variables need to reach the engine at `host`. */
export function engineEnvironment(host: string): Readonly<Record<string, string>> {
  const certificates = URL.parse(host)?.searchParams.get('certificates');
  if (!certificates) return { DOCKER_HOST: host };
  return {
    DOCKER_HOST: host.split('?')[0] ?? host,
    DOCKER_TLS_VERIFY: '1',
    DOCKER_CERT_PATH: certificates,
  };
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
