import { describe, expect, test } from 'vitest';
import type { Fault } from '../../proxy/faults.ts';
import { mostPerSecond, Reflected } from './reflected.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { World } from './world.ts';

const inStream = (code: number, reason: string): Fault => ({
  type: 'status',
  status: 200,
  body: `${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code, reason, message: 'injected' } })}\n`,
});

const FAULTS: readonly [name: string, fault: Fault][] = [
  ['a reset before the server saw it', { type: 'reset', when: 'before' }],
  ['a reset after the server answered', { type: 'reset', when: 'after' }],
  ['silence', { type: 'hang', when: 'before' }],
  ['429 with Retry-After', { type: 'status', status: 429, retryAfterSeconds: 2 }],
  ['500', { type: 'status', status: 500 }],
  ['403', { type: 'status', status: 403 }],
  ['410', { type: 'status', status: 410 }],
  ['502 in HTML', { type: 'status', status: 502, body: '<h1>Bad Gateway</h1>', contentType: 'text/html' }],
  ['an answer cut mid-line', { type: 'cut' }],
  ['an answer that ends at once', { type: 'end' }],
  ['410 inside the watch', inStream(410, 'Expired')],
  ['500 inside the watch', inStream(500, 'InternalError')],
  ['slowness', { type: 'slow', delayMs: 300, dripMs: 100 }],
];

/** A fault lasts until it was met this often; what is only slow is met once and then waited for. */
const MEETINGS = 2;

async function met(w: World, fault: Fault, times: number): Promise<void> {
  const wanted = fault.type === 'slow' ? 1 : times;
  await waitFor(
    `${wanted} requests that meet the fault`,
    () =>
      w.proxy.requests.filter((request) => request.fault !== undefined).length >= wanted ||
      new NotYet(w.proxy.requests),
    { timeoutMs: 30_000 },
  );
}

async function changeEverything(w: World): Promise<void> {
  await w.put('changed', 'anew');
  await w.remove('removed');
  await w.remove('replaced');
  await w.put('replaced', 'by another');
  await w.put('added');
}

describe.concurrent(
  'after a fault the store equals the list, and the server was asked 3 times a second at most',
  () => {
    test.each(FAULTS)('%s on every request', async (_name, fault) => {
      await using w = await World.create({ timeoutMs: 1_000 });
      await Promise.all(['kept', 'changed', 'removed', 'replaced'].map((name) => w.put(name)));
      const r = new Reflected(w);
      await r.reflector.synced;
      await r.settle();
      w.proxy.forget();
      w.proxy.inject({ fault });
      w.proxy.resetAll();
      await met(w, fault, 1);
      await changeEverything(w);
      await met(w, fault, MEETINGS);
      w.proxy.clear();
      const during = w.proxy.requests.map(({ atMs }) => atMs);
      expect(during.length).toBeGreaterThan(0);
      expect(mostPerSecond(during)).toBeLessThanOrEqual(3);
      await r.settle();
      expect(r.changes.filter((change) => change.endsWith(' kept'))).toEqual(['added kept']);
      expect(r.changes.slice(-5).sort()).toEqual(
        ['added added', 'added replaced', 'deleted removed', 'deleted replaced', 'updated changed'].sort(),
      );
      expect(r.changes.indexOf('deleted replaced')).toBeLessThan(r.changes.lastIndexOf('added replaced'));
    });

    test.each(FAULTS)('%s on watches only', async (_name, fault) => {
      await using w = await World.create({ timeoutMs: 1_000 });
      await Promise.all(['kept', 'changed', 'removed', 'replaced'].map((name) => w.put(name)));
      const r = new Reflected(w);
      await r.settle();
      w.proxy.forget();
      w.proxy.inject({ match: { watch: true }, fault });
      w.proxy.resetAll();
      await changeEverything(w);
      await met(w, fault, MEETINGS);
      w.proxy.clear();
      expect(mostPerSecond(w.proxy.requests.map(({ atMs }) => atMs))).toBeLessThanOrEqual(3);
      await r.settle();
      expect(r.changes.filter((change) => change.endsWith(' kept'))).toEqual(['added kept']);
      expect(r.changes.filter((change) => change.endsWith(' replaced'))).toEqual([
        'added replaced',
        'deleted replaced',
        'added replaced',
      ]);
    });

    test('running watches cut mid-line lose nothing', async () => {
      await using w = await World.create();
      await w.put('a');
      const r = new Reflected(w);
      await r.settle();
      for (let round = 0; round < 3; round++) {
        w.proxy.cutWatches();
        await w.put('a');
        await w.put(`round-${round}`);
        await w.remove(`round-${round - 1}`);
        await r.settle();
      }
      expect(r.errors).toHaveLength(3);
    });

    test('a watch that falls silent is given up, and what was missed is seen', async () => {
      await using w = await World.create({ timeoutMs: 1_000 });
      await w.put('a');
      const r = new Reflected(w, { timeoutSeconds: 1, idleMarginMs: 500 });
      await r.settle();
      w.proxy.pause();
      await w.put('a');
      await w.put('b');
      await waitFor('the watch to be given up', () => r.errors.length || new NotYet(w.proxy.requests), {
        timeoutMs: 15_000,
      });
      expect(r.reflector.size).toBe(1);
      w.proxy.clear();
      await r.settle();
    });

    test('Retry-After is honoured', async () => {
      await using w = await World.create();
      const r = new Reflected(w, { random: () => 0 });
      await r.settle();
      w.proxy.forget();
      w.proxy.inject({
        match: { watch: true },
        count: 1,
        fault: { type: 'status', status: 429, retryAfterSeconds: 3 },
      });
      w.proxy.resetAll();
      await w.put('a');
      await r.settle();
      // The reset costs the first wait, the 429 the second.
      const [refused, next] = w.proxy.requests;
      expect(refused).toMatchObject({ status: 429, watch: true });
      expect(next!.atMs - refused!.atMs).toBeGreaterThanOrEqual(2_990);
      expect(next!.atMs - refused!.atMs).toBeLessThan(4_500);
    });
  },
);
