import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CertificateListing } from '../../../src/cloudflare/requests.ts';
import { unavailable } from '../../../src/cloudflare/errors.ts';
import { Listing, ListingBoard } from '../../../src/cloudflare/listings.ts';
import type { ListedCertificate } from '../../../src/cloudflare/results.ts';
import { TestClock } from '../../support/test-clock.ts';

function listed(id: string, publicKeyDigest: string | undefined, revokedAt?: string): ListedCertificate {
  const times = { expiresOn: undefined, notBefore: undefined, notAfter: undefined, revokedAt };
  return { id, certificate: '', hostnames: [], publicKeyDigest, ...times };
}

/** A client whose listings end when the test says so. */
class SlowClient {
  readonly calls: {
    zoneId: string;
    end: (listing?: CertificateListing) => void;
    fail: (error: Error) => void;
  }[] = [];

  listCertificates(zoneId: string): Promise<CertificateListing> {
    return new Promise((resolve, reject) => {
      const end = (listing: CertificateListing = { complete: true, certificates: [] }): void =>
        resolve(listing);
      this.calls.push({ zoneId, end, fail: reject });
    });
  }
}

let clock: TestClock;
let client: SlowClient;
let board: ListingBoard;
let controller: AbortController;
beforeEach(() => {
  clock = new TestClock();
  client = new SlowClient();
  controller = new AbortController();
  board = new ListingBoard({ client, clock, signal: controller.signal });
});
afterEach(() => {
  controller.abort(new Error('test over'));
});

const now = (): number => clock.monotonic();

describe('a listing', () => {
  test('finds every certificate of a public key, revoked ones included, and none for another', () => {
    const certificates = [
      listed('1', 'aa'),
      listed('2', 'bb'),
      listed('3', 'aa', '2026-01-01T00:00:00Z'),
      listed('4', undefined),
    ];
    const listing = new Listing({ complete: true, certificates });
    expect(listing.byPublicKey('aa').map(({ id }) => id)).toEqual(['1', '3']);
    expect(listing.byPublicKey('cc')).toEqual([]);
    expect(listing.certificates).toHaveLength(4);
  });
});

describe('the board', () => {
  test('serves all who come while it lists with one listing, if it began late enough for them', async () => {
    await clock.advance(1000);
    const all = [board.since('z', now()), board.since('z', 500), board.since('z', 0)];
    await clock.advance(5000);
    all.push(board.since('z', 1000));
    expect(client.calls).toHaveLength(1);
    client.calls[0]!.end();
    expect(new Set(await Promise.all(all)).size).toBe(1);
  });

  test('never answers from a listing that began before the moment asked for', async () => {
    const early = board.since('z', now());
    await clock.advance(1);
    const late = board.since('z', now());
    expect(client.calls).toHaveLength(1);
    client.calls[0]!.end({ complete: true, certificates: [listed('old', 'aa')] });
    expect((await early).certificates).toHaveLength(1);
    await expect.poll(() => client.calls.length).toBe(2);
    client.calls[1]!.end();
    expect((await late).certificates).toHaveLength(0);
  });

  test('agrees on one next listing for all who come too late for the running one', async () => {
    const early = board.since('z', now());
    const late: Promise<Listing>[] = [];
    for (let i = 0; i < 5; i += 1) {
      await clock.advance(10);
      late.push(board.since('z', now()));
    }
    client.calls[0]!.end();
    await early;
    late.push(board.since('z', now()));
    await expect.poll(() => client.calls.length).toBe(2);
    client.calls[1]!.end();
    expect(new Set(await Promise.all(late)).size).toBe(1);
    expect(client.calls).toHaveLength(2);
  });

  test('starts the next listing though the running one fails', async () => {
    const early = board.since('z', now());
    await clock.advance(1);
    const late = board.since('z', now());
    client.calls[0]!.fail(new Error('outage'));
    await expect(early).rejects.toThrow('outage');
    await expect.poll(() => client.calls.length).toBe(2);
    const joined = board.since('z', now());
    client.calls[1]!.end();
    expect(await joined).toBe(await late);
  });

  test('serves a finished listing for less than 60 seconds, and forgets it then', async () => {
    const moment = now();
    const first = board.since('z', moment);
    client.calls[0]!.end();
    await first;
    await clock.advance(59_999);
    expect(await board.since('z', moment)).toBe(await first);
    await clock.advance(1);
    const second = board.since('z', moment);
    expect(client.calls).toHaveLength(2);
    client.calls[1]!.end();
    expect(await second).not.toBe(await first);
  });

  test('a finished listing that began too early is not served', async () => {
    const first = board.since('z', now());
    client.calls[0]!.end();
    await first;
    await clock.advance(1);
    void board.since('z', now());
    expect(client.calls).toHaveLength(2);
    client.calls[1]!.end();
  });

  test('tells a failure to all who wait, and the next to ask starts anew', async () => {
    const waiting = [board.since('z', now()), board.since('z', now())];
    client.calls[0]!.fail(unavailable('list_certificates', 'HTTP status 502'));
    for (const promise of waiting)
      await expect(promise).rejects.toMatchObject({ kind: 'CloudflareUnavailable' });
    const again = board.since('z', now());
    expect(client.calls).toHaveLength(2);
    client.calls[1]!.end();
    await expect(again).resolves.toBeInstanceOf(Listing);
  });

  test('who asks again the moment a listing fails gets the next one, with all who wait for it', async () => {
    const early = board.since('z', now());
    await clock.advance(1);
    const late = board.since('z', now());
    const again = early.catch(() => board.since('z', 0));
    client.calls[0]!.fail(new Error('outage'));
    await expect.poll(() => client.calls.length).toBe(2);
    client.calls[1]!.end();
    expect(await again).toBe(await late);
    expect(client.calls).toHaveLength(2);
  });

  test('leaves a zone alone after an incomplete listing, twice as long each time until one is complete', async () => {
    const rests: number[] = [];
    for (let at = 0; at < 8; at += 1) {
      void board.since('z', now());
      expect(client.calls).toHaveLength(at + 1);
      const end = { complete: at === 6, certificates: [listed('1', 'aa')] };
      client.calls[at]!.end(end);
      expect(await board.since('z', 0)).toMatchObject(end);
      await clock.advance(0);
      const fromMs = now();
      if (at === 6) await clock.advance(60_000);
      else
        for (void board.since('z', now()); client.calls.length === at + 1; void board.since('z', now()))
          await clock.advance(5000);
      rests.push((now() - fromMs) / 1000);
      if (at === 7) client.calls[8]!.end();
    }
    expect(rests).toEqual([15, 30, 60, 120, 240, 480, 60, 15]);
  });

  test('lists zones apart from each other', async () => {
    const both = [board.since('a', now()), board.since('b', now())];
    expect(client.calls.map(({ zoneId }) => zoneId)).toEqual(['a', 'b']);
    for (const call of client.calls) call.end();
    expect(new Set(await Promise.all(both)).size).toBe(2);
  });

  test('leaves no timer behind when it is shut down', async () => {
    const listing = board.since('z', now());
    client.calls[0]!.end();
    await listing;
    await expect.poll(() => clock.waiting).toBe(1);
    controller.abort(new Error('shutdown'));
    expect(clock.waiting).toBe(0);
  });
});
