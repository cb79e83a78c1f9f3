import { expect, test } from 'vitest';
import { changePassword, type PasswordServer } from '../../../src/disaster/password.ts';
import type { Swarm } from '../../../src/swarm/swarm.ts';

interface Server extends PasswordServer {
  /** What the server compares passwords with, by role. */
  readonly verifiers: Map<string, string>;
  /** Every program that ran, with its arguments. */
  readonly ran: string[];
}

/** A server that answers the two statements of the disaster. */
function serverWith(roles: Readonly<Record<string, string>>): Server {
  const verifiers = new Map(Object.entries(roles));
  const ran: string[] = [];
  const swarm = {
    async execInTask(_service: string, argv: readonly string[], { input }: { readonly input: string }) {
      ran.push(argv.join(' '));
      const [, role = ''] = /rolname = '([^']+)'/.exec(input) ?? [];
      if (role !== '') return `${verifiers.get(role) ?? ''}\n`;
      const [, changed = '', password = ''] = /ALTER ROLE "([^"]+)" PASSWORD '([^']+)'/.exec(input) ?? [];
      verifiers.set(changed, password.startsWith('SCRAM') ? password : `SCRAM of ${password}`);
      return '';
    },
  };
  return { swarm: swarm as unknown as Swarm, service: 'shop_database', user: 'postgres', verifiers, ran };
}

test('gives a role another password, and the old one back', async () => {
  const server = serverWith({ app: 'SCRAM of the old one', report: 'SCRAM of another' });
  const { proof, undo } = await changePassword(server, 'app');
  expect(server.verifiers.get('app')).not.toBe('SCRAM of the old one');
  expect(server.verifiers.get('report')).toBe('SCRAM of another');
  expect(proof).toMatchObject([{ what: 'password of app' }]);
  expect(proof[0]?.before).not.toBe(proof[0]?.after);
  await undo();
  expect(server.verifiers.get('app')).toBe('SCRAM of the old one');
});

test('records neither a password nor what it is compared with, and passes none as an argument', async () => {
  const server = serverWith({ app: 'SCRAM of the old one' });
  const { proof } = await changePassword(server, 'app');
  expect(JSON.stringify([proof, server.ran])).not.toMatch(/SCRAM/);
});

test('refuses a role without a password', async () => {
  await expect(changePassword(serverWith({ app: '' }), 'app')).rejects.toMatchObject({
    blame: 'usage',
    message: expect.stringContaining('no role "app" with a password') as string,
  });
});
