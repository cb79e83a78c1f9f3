// A Chromium for tests of pages: what is installed on the machine, since none is in the dependencies.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import puppeteer, { type Browser } from 'puppeteer-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome'];

/** Returns the path of the browser: CHROME_PATH, or the first of the usual names that is installed. Undefined if there is none. */
export function findBrowser(): string | undefined {
  const { CHROME_PATH: named, PATH: path = '' } = process.env;
  const candidates = named
    ? [named]
    : path.split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return candidates.find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Chromium can not use its sandbox as root; the pages are this project's. */
export const startBrowser = (executablePath: string): Promise<Browser> =>
  puppeteer.launch({
    executablePath,
    args: [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), '--disable-gpu', '--disable-dev-shm-usage'],
  });
