// The script of pg_dumpall with the roles of a server, as another server's psql can run it.

/** A fresh server has its superuser, and possibly roles that the image's set-up created. ALTER ROLE then sets their properties. */
export const tolerateExistingRoles = (globals: string): string =>
  globals.replaceAll(
    /^CREATE ROLE (.+);$/gm,
    'DO $do$ BEGIN CREATE ROLE $1; EXCEPTION WHEN duplicate_object THEN NULL; END $do$;',
  );

/**
 * Leaves out `\restrict`, with which pg_dumpall begins since August 2025, for a psql of an earlier minor version: it would stop there.
 * @param commands what `psql --help=commands` prints
 */
export const withKnownCommands = (globals: string, commands: string): string =>
  /\\restrict\b/.test(commands) ? globals : globals.replaceAll(/^\\(?:un)?restrict .*\n/gm, '');
