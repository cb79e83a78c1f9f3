// Scripts of pg_dumpall that another server's psql must run.
import { expect, test } from 'vitest';
import { tolerateExistingRoles, withKnownCommands } from '../../../../src/method/postgres/globals.ts';

const GLOBALS = `\\restrict x8Yb
CREATE ROLE app;
COMMENT ON ROLE app IS 'see \\restrict below';
\\unrestrict x8Yb
`;

test('leaves \\restrict out for a psql that does not know it', () => {
  expect(withKnownCommands(GLOBALS, '  \\q    quit psql\n')).toBe(
    `CREATE ROLE app;\nCOMMENT ON ROLE app IS 'see \\restrict below';\n`,
  );
});

test('keeps \\restrict for a psql that knows it', () => {
  expect(withKnownCommands(GLOBALS, '  \\restrict RESTRICT_KEY\n')).toBe(GLOBALS);
});

test('creates a role only if it does not exist, with any name', () => {
  expect(tolerateExistingRoles('CREATE ROLE "a; b";\nALTER ROLE "a; b" WITH LOGIN;\n')).toBe(
    'DO $do$ BEGIN CREATE ROLE "a; b"; EXCEPTION WHEN duplicate_object THEN NULL; END $do$;\nALTER ROLE "a; b" WITH LOGIN;\n',
  );
});
