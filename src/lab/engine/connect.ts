// Connections to Docker engines.
import Docker from 'dockerode';
import { setTimeout as sleep } from 'node:timers/promises';
import { reasonOf, usage } from '../../support/errors.ts';

export type { Docker };

/**
 * Returns a client for the engine at `host` (`unix://…`, `npipe://…`, `tcp://…`; TLS for tcp as DOCKER_TLS_VERIFY and DOCKER_CERT_PATH say).
 * Sends nothing yet.
 * @throws DrillError `usage` for any other form
 */
export function connect(host: string): Docker {
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

/** Pings an engine. @returns undefined when it answers within `limitMs`, else the reason why it did not */
export async function unreachableReason(docker: Docker, limitMs = 3000): Promise<string | undefined> {
  try {
    const tooLate = sleep(limitMs, 'late' as const, { ref: false });
    return (await Promise.race([docker.ping(), tooLate])) === 'late'
      ? `no answer within ${limitMs} ms`
      : undefined;
  } catch (error) {
    return reasonOf(error);
  }
}
