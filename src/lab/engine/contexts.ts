// The contexts of the Docker CLI: names for engines, with their addresses and TLS certificates. The CLI writes them, this reads them.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { usage } from '../../support/errors.ts';

interface ContextMeta {
  readonly Name: string;
  readonly Endpoints?: { readonly docker?: { readonly Host?: string; readonly SkipTLSVerify?: boolean } };
}

const configDirectory = (): string => process.env['DOCKER_CONFIG'] ?? join(homedir(), '.docker');

/** Names the directory of a context, as the CLI does. */
const idOf = (name: string): string => createHash('sha256').update(name).digest('hex');

/** Returns the name of the context that `docker context use` chose; undefined for the default one. */
export function currentContext(): string | undefined {
  try {
    const config = JSON.parse(readFileSync(join(configDirectory(), 'config.json'), 'utf8')) as {
      currentContext?: string;
    };
    return config.currentContext === 'default' ? undefined : config.currentContext || undefined;
  } catch {
    return undefined;
  }
}

/**
 * Returns the address of a context's engine; one with certificates is `tcp://host:port?certificates=DIRECTORY`.
 * @returns undefined when there is no such context
 * @throws DrillError `usage` for one that does not verify its engine
 */
export function addressOfContext(name: string): string | undefined {
  const { docker } = readMeta(idOf(name))?.Endpoints ?? {};
  if (docker?.Host === undefined) return undefined;
  if (docker.SkipTLSVerify === true)
    throw usage(
      `the docker context "${name}" skips the verification of its engine`,
      'Create the context with a CA certificate: docker context create NAME --docker host=tcp://…,ca=…,cert=…,key=….',
    );
  const certificates = join(configDirectory(), 'contexts/tls', idOf(name), 'docker');
  if (!existsSync(certificates)) return docker.Host;
  return `${docker.Host}?${new URLSearchParams({ certificates }).toString()}`;
}

/** Returns the names of all contexts. */
export function listContexts(): string[] {
  const ids = existsSync(metaDirectory()) ? readdirSync(metaDirectory()) : [];
  return ids.flatMap((id) => readMeta(id)?.Name ?? []).sort();
}

const metaDirectory = (): string => join(configDirectory(), 'contexts/meta');

function readMeta(id: string): ContextMeta | undefined {
  try {
    return JSON.parse(readFileSync(join(metaDirectory(), id, 'meta.json'), 'utf8')) as ContextMeta;
  } catch {
    return undefined;
  }
}
