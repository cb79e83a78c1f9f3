// Text for a POSIX shell.

/** Returns the text as one word of a shell command. */
export const quoteForShell = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
