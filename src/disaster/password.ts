// Someone changes a password in a database server, and not where its clients have theirs.
import { randomBytes } from 'node:crypto';
import type { Reversible } from '../model/disaster.ts';
import { usage } from '../support/errors.ts';
import { quoteIdentifier, quoteLiteral } from '../support/sql.ts';
import type { Swarm } from '../swarm/swarm.ts';
import { causeReversible } from './cause.ts';
import { witnessSecret } from './witness-secret.ts';

/** A Postgres server that runs as a service; its socket asks the superuser for no password, as in the usual image. */
export interface PasswordServer {
  readonly swarm: Swarm;
  /** Full name of the service. */
  readonly service: string;
  /** The superuser. */
  readonly user: string;
}

/**
 * Gives a role of a Postgres server a random password that no client knows. `undo` gives it the old one, whose verifier the server had.
 * @throws DrillError `usage` if the server has no such role, or the role has no password
 */
export async function changePassword(server: PasswordServer, role: string): Promise<Reversible<Swarm>> {
  const original = await readVerifier(server, role);
  if (original === '')
    throw usage(
      `changePassword: the server has no role "${role}" with a password`,
      'Name a role that logs in with a password.',
    );
  return causeReversible(
    {
      name: `change the password of the role ${role} of ${server.service}`,
      witnesses: [witnessSecret(`password of ${role}`, () => readVerifier(server, role))],
      cause: () => setPassword(server, role, randomBytes(24).toString('base64url')),
      // A server accepts a verifier instead of a password.
      reverse: () => setPassword(server, role, original),
    },
    server.swarm,
  );
}

/** @returns what the server compares passwords with; empty if there is none */
const readVerifier = async (server: PasswordServer, role: string): Promise<string> =>
  (await query(server, `SELECT rolpassword FROM pg_authid WHERE rolname = ${quoteLiteral(role)}`)).trim();

const setPassword = (server: PasswordServer, role: string, password: string): Promise<string> =>
  query(server, `ALTER ROLE ${quoteIdentifier(role)} PASSWORD ${quoteLiteral(password)}`);

/** The statement is sent as input: arguments can be read by every user of the node. */
const query = ({ swarm, service, user }: PasswordServer, sql: string): Promise<string> =>
  swarm.execInTask(
    service,
    ['psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-U', user, '-d', 'postgres', '-f', '-'],
    { input: `${sql};\n` },
  );
