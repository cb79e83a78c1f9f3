// Text in SQL statements for Postgres.

/** Returns the text as a string literal, with its quotes. */
export const quoteLiteral = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Returns the name as a quoted identifier, which keeps its case. */
export const quoteIdentifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;
