// A defined method: limits declared once, metadata validated before anything is touched.
import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import type { ArtifactReader } from '../../../src/model/method.ts';
import { defineMethod } from '../../../src/method/define.ts';

const restore = vi.fn(async ({ metadata }: ArtifactReader<{ snapshot: string }>) => metadata.snapshot);
const method = defineMethod({
  name: 'example',
  limits: [
    { sentence: 'sockets' },
    { sentence: 'owners and times', loses: ['owner', 'mtime'] },
    { sentence: 'owners again', loses: ['owner'] },
  ],
  metadata: z.object({ snapshot: z.string().min(1) }),
  backup: async () => ({ snapshot: 'abc' }),
  restore,
});
const artifact = (metadata: object) => ({ metadata }) as unknown as ArtifactReader;

test('derives the sentences and the lost aspects from the limits', () => {
  expect(method.limits).toEqual(['sockets', 'owners and times', 'owners again']);
  expect(method.loses).toEqual(['owner', 'mtime']);
});

test('restores with validated metadata', async () => {
  expect(await method.restore(artifact({ snapshot: 'abc' }), undefined)).toBe('abc');
});

test('refuses metadata of another shape before it restores anything', async () => {
  restore.mockClear();
  await expect(method.restore(artifact({ snapshot: '' }), undefined)).rejects.toMatchObject({
    code: 'metadata-damaged',
    blame: 'finding',
    message: expect.stringContaining('snapshot'),
  });
  expect(restore).not.toHaveBeenCalled();
});
