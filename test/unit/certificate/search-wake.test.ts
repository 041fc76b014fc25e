import { expect, test } from 'vitest';
import type { CertificateContext } from '../../../src/certificate/context.ts';
import { CertificateMemory } from '../../../src/certificate/memory.ts';
import { find } from '../../../src/certificate/search.ts';
import { Listing } from '../../../src/cloudflare/listings.ts';
import { TestClock } from '../../support/test-clock.ts';
import { pendingOf } from './fixtures.ts';

const never = new AbortController().signal;

test.each([
  ['wakes who waits for it', true, ['shop/web']],
  ['leaves them asleep where it was incomplete: another one would begin at once', false, []],
])('a listing that takes long %s', async (_, complete, expected) => {
  const clock = new TestClock();
  const memory = new CertificateMemory({ clock, random: () => 0, postTimeoutMs: 30_000, settleMs: 30_000 });
  const woken: string[] = [];
  const context = { clock, memory, wake: (key: string) => void woken.push(key) };
  const pending = pendingOf();
  const zones = (pending.need?.hostnames ?? []).map((name) => ({ id: name, name }));
  const listing = clock.after(5000).then(() => new Listing({ complete, certificates: [] }));
  const session = { zones, listings: { since: () => listing } };
  const found = find(
    context as unknown as CertificateContext,
    pending,
    [session as never],
    'shop/web',
    never,
  );
  await clock.advance(2000);
  expect(await found).toEqual({ kind: 'reading' });
  expect(woken).toEqual([]);
  await clock.advance(3000);
  expect(woken).toEqual(expected);
});
