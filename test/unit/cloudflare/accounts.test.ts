import { describe, expect, test } from 'vitest';
import { Account, Accounts } from '../../../src/cloudflare/accounts.ts';

/** How many requests are sent at that moment, of a token that has a great many left. */
function drain(account: Account, nowMs: number): number {
  for (let sent = 0; ; sent += 1) {
    if (sent >= 1000 || account.waitMs(1, nowMs) > 0) return sent;
    account.spend(1, nowMs);
  }
}

function told(rest: number, resetMs: number): Account {
  const account = new Account();
  account.answered(rest, resetMs, 0);
  return account;
}

describe('what Cloudflare left to a token', () => {
  test('is handed out half at once and half evenly, until the window ends', () => {
    const account = told(10, 10_000);
    expect([0, 4000, 9999, 10_000].map((ms) => drain(account, ms))).toEqual([5, 2, 2, 1000]);
  });

  test('is waited for when it is nothing, until the window ends', () => {
    const account = told(0, 30_000);
    expect([0, 29_999, 30_000].map((ms) => account.waitMs(1, ms))).toEqual([30_000, 1, 0]);
  });

  test('is what the last answer says, unless its window is over', () => {
    const account = told(1000, 300_000);
    account.answered(0, 30_000, 0);
    account.answered(1000, 0, 0);
    expect(account.waitMs(1, 0)).toBe(30_000);
  });

  test('is nothing after a 429 until Retry-After, which no later one makes shorter', () => {
    const account = new Account();
    account.limited(30_000, 0);
    account.limited(1000, 0);
    expect([0, 29_999, 30_000, 40_000].map((ms) => account.stoppedMs(ms))).toEqual([30_000, 1, 0, 0]);
  });
});

describe('a token', () => {
  const known: Record<string, (account: Account) => void> = {
    'was stopped': (account) => account.limited(5000, 0),
    'has a rest': (account) => account.answered(10, 5000, 0),
    'has callers that wait': (account) => void account.moments.next(5000, 1, 0),
  };

  test.each(Object.entries(known))(
    'that %s is remembered as long as it matters, among ever new ones',
    (_, note) => {
      const accounts = new Accounts();
      const kept = accounts.of('kept', 0);
      note(kept);
      for (let ms = 0; ms < 5000; ms += 1) accounts.of(`token-${ms}`, ms).answered(10, 1, ms);
      expect(accounts.find('kept')).toBe(kept);
      for (let ms = 5000; ms < 5100; ms += 1) accounts.of(`token-${ms}`, ms).answered(10, 1, ms);
      expect(accounts.find('kept')).toBeUndefined();
    },
  );

  test('that is only looked up is not remembered', () => {
    const accounts = new Accounts();
    expect(accounts.find('a')).toBeUndefined();
    expect(accounts.of('a', 0)).toBe(accounts.find('a'));
  });
});
