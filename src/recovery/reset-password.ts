// A database server has another password for a role than the secret that its clients get: after someone changed one of the two, or after
// a restore of only one of them.
import { finding } from '../support/errors.ts';
import { commandLine } from '../support/shell.ts';
import { quoteIdentifier } from '../support/sql.ts';
import { step } from '../support/trace.ts';
import type { Swarm } from '../swarm/swarm.ts';

/** The role of a Postgres server, and where its password is. */
export interface PasswordReset {
  readonly swarm: Swarm;
  /** Full name of the service of the Postgres server. Its socket asks the superuser for no password, as in the usual image. */
  readonly service: string;
  /** The superuser. */
  readonly user: string;
  readonly role: string;
  /** Where the server's task has the password, e.g. `/run/secrets/app_password`. It must be printable and end without a line break. */
  readonly file: string;
  /** A database that the role may connect to. */
  readonly database: string;
}

/**
 * Gives the role the password that its clients have, and logs in with it.
 * @throws DrillError `password-refused`, a finding, if the server then refuses the login; `command-failed` if it has no such role
 */
export async function resetPassword({
  swarm,
  service,
  user,
  role,
  file,
  database,
}: PasswordReset): Promise<void> {
  const { node } = await swarm.taskContainer(service);
  const superuser = ['psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-U', user, '-d', 'postgres', '-f', '-'];
  // psql reads the file itself, so that the password is in no argument.
  const statements = [
    `\\set password \`cat ${commandLine([file])}\``,
    `ALTER ROLE ${quoteIdentifier(role)} PASSWORD :'password';`,
    '',
  ].join('\n');
  await step(
    `give ${role} the password in ${file}`,
    () => swarm.execInTask(service, superuser, { input: statements }),
    {
      command: {
        on: node.name,
        line: `docker exec -i $(docker ps -qf name=${service}) psql -U ${user}   # ALTER ROLE ${role} PASSWORD '<content of ${file}>';`,
      },
    },
  );
  await step(`log in as ${role}`, async () => {
    // A socket would not ask for the password.
    const login = `PGPASSWORD=$(cat ${commandLine([file])}) exec psql ${commandLine(['-XAtq', '-h', '127.0.0.1', '-U', role, '-d', database, '-c', 'SELECT current_user'])}`;
    const answer = await swarm.execInTask(service, ['sh', '-c', login]).catch((cause: unknown) => {
      throw finding(`the server refuses the login of ${role} with the password in ${file}`, {
        code: 'password-refused',
        cause,
      });
    });
    if (answer.trim() !== role)
      throw finding(`expected to be logged in as ${role}, got ${answer.trim()}`, {
        code: 'password-refused',
      });
  });
}
