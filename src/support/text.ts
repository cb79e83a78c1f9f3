// Small helpers for the text of other programs.

/** Returns the last line that is not blank, which is where most programs give the reason of a failure. */
export const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1)?.trim() ?? '';

/** Returns the text as one word of a POSIX shell. */
export const quoteForShell = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
