// What the comparison of a database's catalog leaves out, each with the reason. Everything that is not listed here is compared.

/** By catalog, or by a column of a catalog. */
export const NOT_COMPARED: Readonly<Record<string, string>> = {
  // Contents, which are compared as rows.
  pg_largeobject: 'contents of large objects',
  // What the server collects or derives by itself.
  pg_statistic: 'statistics',
  pg_statistic_ext_data: 'statistics',
  pg_init_privs: 'privileges that objects of the server began with',
  pg_shdepend: 'derived from owners and privileges',
  'pg_database.datfrozenxid': 'transaction counters',
  'pg_database.datminmxid': 'transaction counters',
  'pg_database.datlastsysoid': 'numbers of objects',
  'pg_class.relfrozenxid': 'transaction counters',
  'pg_class.relminmxid': 'transaction counters',
  'pg_class.relpages': 'statistics',
  'pg_class.reltuples': 'statistics',
  'pg_class.relallvisible': 'statistics',
  'pg_class.relallfrozen': 'statistics',
  'pg_class.relhasindex': 'derived, and may be out of date',
  'pg_class.relhasrules': 'derived, and may be out of date',
  'pg_class.relhastriggers': 'derived, and may be out of date',
  'pg_class.relhassubclass': 'derived, and may be out of date',
  // How something is stored.
  'pg_class.relfilenode': 'names of files',
  'pg_class.reltoastrelid': 'names of files',
  'pg_class.relrewrite': 'names of files',
  'pg_class.relnatts': 'counts dropped columns',
  'pg_attribute.attcacheoff': 'storage',
  'pg_attribute.attndims': 'documentation: the server does not enforce it, and pg_dump writes one dimension',
  'pg_attribute.atthasmissing': 'storage',
  'pg_attribute.attmissingval': 'storage',
  'pg_attribute.attoptions.pg_attver': 'versions that the server counts, since 17.12',
  'pg_index.indcheckxmin': 'storage',
  'pg_constraint.connoinherit': 'part of the definition of a check, and without meaning for others',
  // The number of a column: its name is part of the object.
  'pg_depend.objsubid': 'number of a column',
  'pg_depend.refobjsubid': 'number of a column',
  'pg_description.objsubid': 'number of a column',
  'pg_seclabel.objsubid': 'number of a column',
  // Versions of the libraries of the image, which the new server records for itself.
  'pg_database.datcollversion': 'versions of libraries',
  'pg_collation.collversion': 'versions of libraries',
  // Progress of replication.
  pg_replication_origin: 'progress of replication',
  pg_subscription_rel: 'progress of replication',
  'pg_subscription.subskiplsn': 'progress of replication',
};

/** One sentence for checks. */
export const CATALOG_LIMITS =
  'statistics, progress of replication, other databases of the server, and objects of the server or of extensions, of which only the privileges are compared';
