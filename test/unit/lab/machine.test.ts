// What an engine's machine has left, as a container on it sees it.
import { expect, test } from 'vitest';
import { parseProc } from '../../../src/lab/machine.ts';

const PROC = `MemTotal:       16316412 kB
MemFree:          812340 kB
MemAvailable:   12000000 kB
SwapTotal:             0 kB
1.52 0.90 0.41 2/733 40121
`;

test('reads the available memory and the load of the last minute', () => {
  expect(parseProc(PROC)).toEqual({ availableBytes: 12_000_000 * 1024, load: 1.52 });
});

test('refuses anything else', () => {
  expect(() => parseProc('cat: /proc/meminfo: No such file')).toThrow('expected the memory and the load');
});
