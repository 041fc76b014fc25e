import { expect, test } from 'vitest';
import { revocation } from '../../../src/certificate/asks.ts';
import { Breaker } from '../../../src/cloudflare/breaker.ts';
import { unavailable } from '../../../src/cloudflare/errors.ts';
import { TestClock } from '../../support/test-clock.ts';

test('who has something to revoke while certificates cannot be had tries first to read, then to revoke', () => {
  const breaker = new Breaker({ clock: new TestClock(), random: () => 0 });
  const account = 'token';
  for (const asker of ['a', 'b'])
    breaker.begin({ account, operation: 'create_certificate', asker })(
      unavailable('create_certificate', 'HTTP status 503'),
    );
  const next = () => revocation(breaker, [{ tokenDigest: account, source: '' }], 'shop/web');
  expect(next()).toEqual({
    account,
    operation: 'get_certificate',
    asker: 'shop/web',
    source: '',
    requests: 2,
  });
  breaker.begin(next())(undefined);
  expect(next()).toEqual({
    account,
    operation: 'revoke_certificate',
    asker: 'shop/web',
    source: '',
    requests: 2,
  });
  expect([breaker.holds(next()), breaker.waitMs(next())]).toEqual([true, 0]);
});

test('a look at one that the tokens of two issuers may know is paid for with both', () => {
  const breaker = new Breaker({ clock: new TestClock(), random: () => 0 });
  const tokens = [
    { tokenDigest: 'old', source: '' },
    { tokenDigest: 'new', source: '' },
  ] as const;
  expect(revocation(breaker, tokens, 'shop/web')).toMatchObject({ account: 'old', requests: 3 });
});
