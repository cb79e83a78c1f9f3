import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { followChain, readChain } from '../../../src/verify/read/certificates.ts';
import { attempt } from '../../../src/verify/read/strict.ts';
import { verifyToken } from '../../../src/verify/read/token.ts';
import { type AuthorityOptions, OpensslAuthority } from '../../support/evidence/openssl-authority.ts';
import { Randomness } from '../../support/randomness.ts';

const data = Buffer.from('the bytes of a plan');

describe.each<AuthorityOptions>([
  { key: 'rsa', digest: 'sha256' },
  { key: 'rsa', digest: 'sha512' },
  { key: 'ecdsa', digest: 'sha384' },
])('a token of OpenSSL, signed with $key and $digest', (options) => {
  let authority: OpensslAuthority;
  let token: Buffer;
  let chain: Buffer[];
  beforeAll(async () => {
    authority = new OpensslAuthority(options);
    token = await authority.stamp(data);
    chain = readChain(authority.chain);
  });
  afterAll(() => authority[Symbol.dispose]());

  test('shows when its data existed', () => {
    const { at, accuracy, authority: name } = verifyToken(token, data, chain);
    expect(Math.abs(Date.now() - at)).toBeLessThan(60_000);
    expect({ accuracy, name }).toEqual({ accuracy: 1000, name: 'CN=Time of the tests' });
  });

  test('is refused for other data', () => {
    expect(refusal(token, Buffer.from('the bytes of a plam'), chain)).toBe('token: made for something else');
  });

  test('is refused with the chain of another authority', () => {
    using other = new OpensslAuthority({ key: 'ecdsa' });
    expect(refusal(token, data, readChain(other.chain))).toBe(
      'token: its certificates do not lead to the pinned chain',
    );
  });

  test('is refused with any bit flipped', () => {
    const random = new Randomness('token');
    const accepted = Array.from({ length: 60 }, () => random.below(token.length * 8)).filter((bit) => {
      const flipped = Buffer.from(token);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      return refusal(flipped, data, chain) === undefined;
    });
    expect(accepted).toEqual([]);
  });
});

test.each(['clientAuth', 'timeStamping,clientAuth'])('refuses a certificate for %s', (usage) => {
  using authority = new OpensslAuthority({ key: 'ecdsa', usage });
  const { certificate, chain } = authority;
  const read = attempt('token', () =>
    followChain({ certificate, embedded: [], pinned: readChain(chain), at: new Date() }),
  );
  expect(read).toMatchObject({ problem: { what: 'token: its certificate is not for time-stamps' } });
});

test('refuses a certificate that had expired at the time of the token', () => {
  using authority = new OpensslAuthority({ key: 'ecdsa' });
  const { certificate, chain } = authority;
  const at = new Date(Date.now() + 3 * 24 * 3600 * 1000);
  const read = attempt('token', () =>
    followChain({ certificate, embedded: [], pinned: readChain(chain), at }),
  );
  expect(read).toMatchObject({ problem: { what: expect.stringContaining('was not valid at its time') } });
});

function refusal(token: Buffer, over: Buffer, chain: Buffer[]): string | undefined {
  const read = attempt('token', () => verifyToken(token, over, chain));
  return read.ok ? undefined : read.problem.what;
}
