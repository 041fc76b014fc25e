import { beforeEach, describe, expect, test } from 'vitest';
import { FINALIZER } from '../../../src/api/names.ts';
import type { Rest } from '../../../src/certificate/action.ts';
import { leavingOf } from '../../../src/certificate/leaving-view.ts';
import { CertificateMemory } from '../../../src/certificate/memory.ts';
import { rest } from '../../../src/certificate/rest.ts';
import { TestClock } from '../../support/test-clock.ts';
import { issuerWith } from '../issuer/fixtures.ts';
import { originCertificate, worldOf } from './fixtures.ts';

const MINUTE = 60_000;
const KEY = 'shop/web';
const IN_LINE = { type: 'AwaitTurn', request: 'revocation' } as const;
const said = { reason: 'CloudflareUnavailable', message: 'all fail' } as const;

let clock: TestClock;
let context: Parameters<typeof rest>[0];

beforeEach(() => {
  clock = new TestClock();
  context = {
    clock,
    memory: new CertificateMemory({ clock, random: () => 0, postTimeoutMs: 30_000, settleMs: 30_000 }),
    stores: { issuers: { get: () => issuerWith() } },
    sessions: { get: () => ({ tokenDigest: 'cloudflare', zones: [], client: {}, ready: true }) },
    breaker: { holds: () => false },
    line: { join: () => undefined, leave: () => undefined },
  } as unknown as typeof context;
});

/** How long a deletion that began with the test may still take, in minutes. */
function left(): number {
  const certificate = originCertificate({}, { finalizers: [FINALIZER] });
  return leavingOf(context, worldOf({ now: clock.now() }), certificate, KEY).leftMs / MINUTE;
}

/** A look at it ends with this, and so many minutes pass. */
async function rests(action: Rest, minutes: number): Promise<void> {
  const certificate = originCertificate({}, { finalizers: [FINALIZER] });
  const leaving = { certificate, leftMs: left() * MINUTE, token: 'known' } as const;
  const world = worldOf({ certificate: undefined, leaving, now: clock.now() });
  await rest(context, { namespace: 'shop', name: 'web' }, world, action, new AbortController().signal);
  await clock.advance(minutes * MINUTE);
}

describe('a deletion that waits for its revocation', () => {
  test('goes after five minutes', async () => {
    await rests({ type: 'Wait', ms: 1 }, 4);
    expect(left()).toBe(1);
    await rests({ ...IN_LINE, said }, 1);
    expect(left()).toBe(0);
  });

  test('goes no sooner because others are before it in our own line, time and again', async () => {
    await rests({ type: 'Wait', ms: 1 }, 1);
    for (const _ of [1, 2]) {
      await rests(IN_LINE, 4);
      await rests(IN_LINE, 4);
      expect(left()).toBe(4);
    }
    await rests({ ...IN_LINE, said }, 3);
    expect(left()).toBe(1);
  });

  test('goes after an hour, however many are before it', async () => {
    await rests(IN_LINE, 59);
    expect(left()).toBe(1);
    await clock.advance(MINUTE);
    expect(left()).toBe(0);
  });
});
