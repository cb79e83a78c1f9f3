// Connections to Docker engines.
import { seconds } from '../../support/clock.ts';
import { reasonOf } from '../../support/errors.ts';
import { clientAt, clientInside } from './client.ts';
import { dockerEngine } from './docker-engine.ts';
import type { Engine } from './engine.ts';

/**
 * Returns the engine at `host` (`unix://…`, `npipe://…`, `tcp://…`; TLS for tcp as DOCKER_TLS_VERIFY and DOCKER_CERT_PATH say).
 * Sends nothing yet.
 * @throws DrillError `usage` for any other form
 */
export const connect = (host: string): Engine => dockerEngine(clientAt(host));

/** Returns the engine inside a container of `outer`. */
export const connectInside = (outer: Engine, container: string): Engine =>
  dockerEngine(clientInside(outer, container));

const PING_LIMIT = seconds(3);

/** Pings an engine. @param limit in seconds @returns undefined when it answers, else the reason why it did not */
export const unreachableReason = (engine: Engine, limit = PING_LIMIT): Promise<string | undefined> =>
  engine
    .withLimit(limit)
    .ping()
    .then(() => undefined, reasonOf);
