import { afterEach, describe, expect, test } from 'vitest';
import { type Due, LineModel, type ModelOptions, type Sent } from './line-model.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const NAMESPACES = 200;
/** What was called before somebody came is sent by then. */
const UNDER_WAY_MS = 100;

let model: LineModel | undefined;

afterEach(() => model?.stop());

function begin(options: ModelOptions = {}): LineModel {
  model = new LineModel(options);
  return model;
}

/** So many that are due now, in namespaces of very different sizes, with two tokens; expiries in no order. */
function due(count: number, { clock }: LineModel, namespaces = NAMESPACES): Due[] {
  return Array.from({ length: count }, (_, at) => {
    const team = at % 2 === 0 ? 0 : at % namespaces;
    const namespace = `team-${team}`;
    const token = team % 3 === 0 ? 'token-a' : 'token-b';
    const expiresAt = clock.now() + HOUR + ((at * 7919) % count) * SECOND;
    return { key: `${namespace}/${at}`, namespace, token, expiresAt };
  });
}

/** How often each other namespace was served between two moments, at most. */
function mostTurns(sent: readonly Sent[], namespace: string, fromMs: number, toMs: number): number {
  const others = sent.filter(
    ({ atMs, namespace: own }) => own !== namespace && atMs >= fromMs && atMs < toMs,
  );
  return Math.max(
    0,
    ...[...Map.groupBy(others, (each) => each.namespace).values()].map(({ length }) => length),
  );
}

describe('when looks have been slow for long and are fast again', () => {
  test.each([1, 8])(
    'what gathered meanwhile is not sent in one burst, with %d tokens of one user',
    async (tokens) => {
      const [fromMs, toMs] = [MINUTE, 21 * MINUTE];
      const at = begin({ lookMs: (atMs) => (atMs >= fromMs && atMs < toMs ? 45 * SECOND : 100) });
      const all = due(8000, at).map((each, index) => ({ ...each, token: `token-${index % tokens}` }));
      at.add(...all);
      await at.clock.advance(toMs + 30 * MINUTE);
      expect(at.refusals).toBe(0);
      const times = at.sent.map(({ atMs }) => atMs).toSorted((a, b) => a - b);
      const most = times.map(
        (ms, index) => times.findIndex((later, i) => i > index && later >= ms + 5 * MINUTE) - index,
      );
      expect(Math.max(...most)).toBeLessThanOrEqual(100 + 3 * 300 + 5);
    },
  );
});

describe('ten thousand renewals that are due at once, against 1,200 requests in five minutes', () => {
  test('are all made at the pace of the budget, in fair order and without one 429, and say how long it takes', async () => {
    const at = begin();
    const all = due(10_000, at);
    at.add(...all);
    await at.clock.advance(10 * SECOND);
    const expected = [at.expectedSeconds()];
    expect(at.line.size + at.issued.size).toBeGreaterThan(9_990); // The others are on their way.

    await at.clock.advance(10 * MINUTE);
    const lonely = {
      key: 'lonely/one',
      namespace: 'lonely',
      token: 'token-a',
      expiresAt: at.clock.now() + 99 * HOUR,
    };
    const cameMs = at.clock.monotonic() + UNDER_WAY_MS;
    at.add(lonely);
    await at.clock.advance(20 * MINUTE);
    expected.push(at.expectedSeconds());
    await at.clock.advance(HOUR);

    expect(at.refusals).toBe(0);
    expect(at.issued.size).toBe(10_001);
    expect(at.expectedSeconds()).toBe(0);
    const tookSeconds = Math.max(...at.issued.values()) / SECOND;
    expect(tookSeconds).toBeGreaterThan((10_001 - 100) / 3 - 5);
    expect(tookSeconds).toBeLessThan(1.02 * (10_001 / 3));
    expect(Math.abs((expected[0] ?? 0) + 10 - tookSeconds)).toBeLessThan(60);
    expect(Math.abs((expected[1] ?? 0) + 1810 - tookSeconds)).toBeLessThan(60);
    // Each was looked at when it became due and when it was called, and not in between.
    expect(at.passes).toBeLessThan(2.1 * 10_001);

    const expiries = new Map(all.map(({ key, expiresAt }) => [key, expiresAt]));
    for (const [namespace, sent] of Map.groupBy(at.sent, (each) => each.namespace)) {
      if (namespace === 'lonely') continue;
      const order = sent.map(({ key }) => expiries.get(key) ?? 0);
      expect(order).toEqual(order.toSorted((a, b) => a - b));
    }
    expect(mostTurns(at.sent, 'lonely', cameMs, at.issued.get('lonely/one') ?? Infinity)).toBeLessThanOrEqual(
      1,
    );
    const firstRound = all
      .filter(({ namespace }) => namespace === 'team-1')
      .map(({ key }) => at.issued.get(key) ?? 0);
    expect(mostTurns(at.sent, 'team-1', 0, Math.min(...firstRound))).toBeLessThanOrEqual(1);
    console.log(
      `${at.issued.size} renewals in ${tookSeconds.toFixed(0)} s, of which the budget alone takes ${((10_001 - 100) / 3).toFixed(0)}; ${at.refusals} answers of 429`,
    );
  }, 60_000);
});

describe('an incident of six hours while 500 are due', () => {
  test('costs a request a minute and token after its first five minutes; then all are made, by expiry', async () => {
    const endMs = 6 * HOUR;
    const at = begin({ serves: (_, atMs) => atMs >= endMs });
    const all = due(500, at, 10);
    at.add(...all);
    await at.clock.advance(endMs);
    expect(at.issued.size).toBe(0);
    for (const token of ['token-a', 'token-b']) {
      const sentMs = at.sent.filter((each) => each.token === token).map(({ atMs }) => atMs);
      const late = sentMs.filter((atMs) => atMs >= 5 * MINUTE && atMs < endMs);
      expect(late.length).toBeGreaterThan(300);
      late
        .slice(1)
        .forEach((atMs, before) => expect(atMs - (late[before] ?? 0)).toBeGreaterThanOrEqual(MINUTE));
    }
    const passes = at.passes;
    await at.clock.advance(10 * MINUTE);
    expect(at.issued.size).toBe(500);
    expect(at.passes - passes).toBeLessThan(520);
    expect(at.refusals).toBe(0);
  }, 60_000);

  test('tries with one object after the other, and is over for all with the first that gets through', async () => {
    // One of them is at fault itself; the API works for the others after ten minutes.
    const at = begin({ serves: ({ key }, atMs) => atMs >= 10 * MINUTE && key !== 'team-0/0' });
    const all = due(20, at, 4).map((each) => ({ ...each, token: 'token-a' }));
    at.add(...all);
    await at.clock.advance(10 * MINUTE);
    const tried = new Set(at.sent.map(({ key }) => key));
    expect(tried.size).toBeGreaterThan(10);
    await at.clock.advance(2 * MINUTE);
    expect(at.issued.size).toBe(19);
  }, 60_000);
});

describe('an incident of one token', () => {
  test('holds up no certificate of another', async () => {
    const at = begin({ serves: ({ token }) => token === 'token-b' });
    const all = due(300, at);
    at.add(...all);
    await at.clock.advance(5 * MINUTE);
    expect(at.issued.size).toBe(all.filter(({ token }) => token === 'token-b').length);
    expect(at.line.waitingForBudget).toBe(0);
  }, 60_000);
});
