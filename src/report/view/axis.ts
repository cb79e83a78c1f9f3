// The time axis of the drawings on a page.
import { cssPercent } from './format.ts';

/** Returns four to ten ticks at round numbers of seconds. @param from what the axis starts with, in seconds */
export function buildTicks(length: number, from = 0): { left: string; label: string }[] {
  const rough = length / 8;
  const power = 10 ** Math.floor(Math.log10(rough));
  const width = [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough) ?? rough;
  const first = Math.ceil(from / width);
  return Array.from({ length: Math.floor((from + length) / width) - first + 1 }, (_, i) => {
    const t = (first + i) * width;
    return { left: cssPercent(t - from, length), label: `${Number(t.toPrecision(6))} s` };
  }).filter((tick) => Number.parseFloat(tick.left) < 94);
}
