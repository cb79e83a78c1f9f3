// Every page in a real browser, checked with axe: names, contrast, headings, keyboard access to what scrolls. In light and dark, wide and
// narrow.
import axe, { type AxeResults } from 'axe-core';
import type { Browser } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBrowser, startBrowser } from '../support/browser.ts';
import { samplePages } from '../support/pages.ts';

const path = findBrowser();
const unproven = path === undefined ? ' (unproven: no Chromium is installed; name one with CHROME_PATH)' : '';
const pages = await samplePages();

const LOOKS = [
  { scheme: 'light', width: 1200 },
  { scheme: 'dark', width: 1200 },
  { scheme: 'light', width: 400 },
] as const;
/** Findings of less weight are advice. */
const SERIOUS = ['serious', 'critical'];

describe.skipIf(path === undefined)(`pages in a browser${unproven}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser(path ?? '');
  }, 120_000);
  afterAll(() => browser?.close());

  /** Returns the serious findings, e.g. `color-contrast: .note`. */
  async function findProblems(html: string, { scheme, width }: (typeof LOOKS)[number]): Promise<string[]> {
    const page = await browser.newPage();
    try {
      // The pages allow no script, also not that of axe.
      await page.setBypassCSP(true);
      await page.setViewport({ width, height: 900 });
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
      await page.setContent(html);
      await page.evaluate(axe.source);
      const { violations } = (await page.evaluate('axe.run()')) as AxeResults;
      return violations
        .filter(({ impact }) => SERIOUS.includes(impact ?? ''))
        .flatMap(({ id, nodes }) =>
          nodes
            .slice(0, 3)
            .map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
        );
    } finally {
      await page.close();
    }
  }

  test.each([...pages.keys()].flatMap((name) => LOOKS.map((look) => ({ name, ...look }))))(
    'the page of $name has no serious finding, $scheme, $width pixels wide',
    async ({ name, ...look }) => {
      expect(await findProblems(pages.get(name) ?? '', look)).toEqual([]);
    },
  );

  test('finds a picture without a text and a text that is too pale', async () => {
    const html = (pages.get('a run') ?? '').replace(
      '<main>',
      '<main><img src="data:,"><p style="color:#ccc;background:#fff">pale</p>',
    );
    const found = await findProblems(html, LOOKS[0]);
    expect(found.map((finding) => finding.split(':')[0])).toEqual(['color-contrast', 'image-alt']);
  });

  test.each([...pages.keys()])('the page of %s does not scroll sideways on a narrow screen', async (name) => {
    const page = await browser.newPage();
    await page.setViewport({ width: 400, height: 900 });
    await page.setContent(pages.get(name) ?? '');
    const width = await page.evaluate('document.documentElement.scrollWidth');
    await page.close();
    expect(width).toBe(400);
  });
});
