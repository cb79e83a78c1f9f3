// Secrets of targets: URLs that anyone could post to, tokens, passwords. They are read where the configuration says, when a message is
// sent, and removed from every text that a server or a library returns.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { inspect } from 'node:util';
import { DrillError } from '../support/errors.ts';

/** A secret that no log, template or JSON shows by mistake. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** Returns the value, for the one place that sends it. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }
}

export interface SecretSource {
  /** Relative to `directory`. */
  readonly file: string | undefined;
  readonly variable: string | undefined;
  readonly directory: string;
}

/**
 * Returns the secret, without line breaks around it; undefined if the source names neither a file nor a variable.
 * @throws DrillError `no-secret` with where it was looked for, never with what is there
 */
export async function readSecret({ file, variable, directory }: SecretSource): Promise<Secret | undefined> {
  if (file !== undefined) {
    const path = resolve(directory, file);
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      throw missing(`${file}: can't be read (${(error as NodeJS.ErrnoException).code})`, 'Create the file');
    });
    if (text.trim() === '') throw missing(`${file}: expected a secret, got an empty file`, 'Fill the file');
    return new Secret(text.trim());
  }
  if (variable === undefined) return undefined;
  const value = process.env[variable]?.trim();
  if (!value) throw missing(`the environment variable ${variable} is not set`, 'Set it for the job');
  return new Secret(value);
}

const missing = (reason: string, start: string): DrillError =>
  new DrillError(reason, {
    code: 'no-secret',
    hint: `${start}, and try it with \`swarm-drill notify test\`.`,
  });

/**
 * @returns the URL of `secret`
 * @throws DrillError `no-secret` unless it is one of http or https; the message does not contain it
 */
export function urlOf(secret: Secret, source: Pick<SecretSource, 'file' | 'variable'>): URL {
  const text = secret.reveal();
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && ['http:', 'https:'].includes(url.protocol)) return url;
  throw missing(`${source.file ?? source.variable}: expected a URL of http or https`, 'Correct it');
}

/** Shorter parts of a URL are words like `hooks` or `api`, and replacing them would make a message unreadable. */
const SHORTEST_PART = 8;

/** Replaces each secret in `text`, and for a URL each part of it that may be one: servers return paths in their error pages. */
export function redact(text: string, secrets: readonly Secret[]): string {
  const hidden = secrets.flatMap((secret) => partsOf(secret.reveal())).filter((part) => part !== '');
  return hidden
    .sort((a, b) => b.length - a.length)
    .reduce((rest, part) => rest.replaceAll(part, '[secret]'), text);
}

function partsOf(value: string): string[] {
  const whole = [value, encodeURIComponent(value), Buffer.from(value).toString('base64')];
  if (!URL.canParse(value)) return whole;
  const { pathname, search, username, password } = new URL(value);
  const parts = [...pathname.split('/'), ...search.split(/[?&=]/), username, password];
  return [...whole, ...(pathname.length > 1 ? [`${pathname}${search}`] : []), ...parts.filter(isLong)];
}

const isLong = (part: string): boolean => part.length >= SHORTEST_PART;
