// What an engine's API answers when it refuses a call.

/** A call that the engine refused, with the engine's message. */
export class EngineError extends Error {
  /** HTTP status. */
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    super(message.trim());
    this.name = 'EngineError';
    this.statusCode = statusCode;
  }
}

/** Returns the HTTP status of a refused call; undefined for any other error. */
export const statusOf = (error: unknown): number | undefined =>
  (error as { statusCode?: number } | undefined)?.statusCode;

export const isNotFound = (error: unknown): boolean => statusOf(error) === 404;
/** The object is in use, or its removal is already in progress. */
export const isConflict = (error: unknown): boolean => statusOf(error) === 409;
/** The container already is in the state that was asked for. */
export const isNotModified = (error: unknown): boolean => statusOf(error) === 304;

/** Ignores that the object of a removal does not exist. */
export async function ignoreNotFound(removal: Promise<unknown>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** Code of the error that the engine did not start a program in a running container. */
export const NOT_STARTED = 'exec-not-started';
