import { describe, expect, test } from 'vitest';
import { boardScene, MINUTE, target, TRUST } from './board-scene.ts';
import { authority } from '../../support/tls-origin-certificates.ts';

const NAMES = ['a.example.com', 'b.example.com', 'c.example.com'];
const targets = NAMES.map((name) => target(name));

describe('since', () => {
  test('names are missing until a look is there, and the zone is told when none is missing any more', async () => {
    const { board, clock, told, prober } = boardScene();
    prober.lookMs = 1_000;
    board.setTargets('zone', targets, TRUST);
    expect(board.since('zone', 0)).toEqual({ verdicts: [], missing: NAMES });
    await clock.advance(999);
    expect(told).toEqual([]);
    await clock.advance(1);
    expect(board.since('zone', 0).missing).toEqual([]);
    expect(board.since('zone', 0).verdicts.map(({ hostname }) => hostname)).toEqual(NAMES);
    expect(told.flatMap(({ hostnames }) => hostnames).toSorted()).toEqual(NAMES);
  });

  test('asked for the beginning of time, a name that was never looked at is missing still', async () => {
    const { board, clock } = boardScene();
    board.setTargets('zone', targets, TRUST);
    expect(board.since('zone', Number.NEGATIVE_INFINITY).missing).toEqual(NAMES);
    await clock.advance(0);
    expect(board.since('zone', Number.NEGATIVE_INFINITY).missing).toEqual([]);
  });

  test('an older look is missing but shown, and one more look is made, once', async () => {
    const { board, clock, prober, told } = boardScene();
    board.setTargets('zone', targets, TRUST);
    await clock.advance(MINUTE);
    const before = told.length;
    const sinceMs = clock.monotonic();
    expect(board.since('zone', sinceMs).missing).toEqual(NAMES);
    expect(board.since('zone', sinceMs).verdicts).toHaveLength(3);
    await clock.advance(MINUTE);
    expect(board.since('zone', sinceMs).missing).toEqual([]);
    expect(prober.names).toHaveLength(6);
    expect(told.length).toBeGreaterThan(before);
  });

  test('a look that is under way does not count for a moment after its beginning', async () => {
    const { board, clock, prober } = boardScene();
    prober.lookMs = 1_000;
    board.setTargets('zone', [target('a.example.com')], TRUST);
    await clock.advance(500);
    expect(board.since('zone', 500).missing).toEqual(['a.example.com']);
    await clock.advance(500);
    expect(board.since('zone', 500).missing).toEqual(['a.example.com']);
    await clock.advance(1_000);
    expect(board.since('zone', 500).missing).toEqual([]);
    expect(prober.asked.map(({ atMs }) => atMs)).toEqual([0, 1_000]);
  });

  test('a moment to come is waited for', async () => {
    const { board, clock, prober } = boardScene();
    board.setTargets('zone', [target('a.example.com')], TRUST);
    await clock.advance(0);
    expect(board.since('zone', MINUTE).missing).toEqual(['a.example.com']);
    await clock.advance(MINUTE - 1);
    expect(prober.asked).toHaveLength(1);
    await clock.advance(1);
    expect(prober.asked.map(({ atMs }) => atMs)).toEqual([0, MINUTE]);
    expect(board.since('zone', MINUTE).missing).toEqual([]);
  });

  test('a name is missing while one of its addresses is', async () => {
    const { board, clock, prober } = boardScene();
    const two = { ...target('a.example.com'), addresses: ['10.0.0.1:443', '10.0.0.2:443'] };
    prober.lookMs = 10;
    board.setTargets('zone', [target('a.example.com')], TRUST);
    await clock.advance(10);
    board.setTargets('zone', [two], TRUST);
    const { verdicts, missing } = board.since('zone', 0);
    expect(verdicts).toHaveLength(1);
    expect(missing).toEqual(['a.example.com']);
    await clock.advance(10);
    expect(board.since('zone', 0).verdicts.map(({ address }) => address)).toEqual(two.addresses);
  });

  test('a zone that nobody set has nothing and misses nothing', () => {
    expect(boardScene().board.since('zone', 0)).toEqual({ verdicts: [], missing: [] });
  });
});

describe('targets', () => {
  test('what is no longer there is forgotten, what stays keeps its verdict', async () => {
    const { board, clock, prober } = boardScene();
    board.setTargets('zone', targets, TRUST);
    await clock.advance(0);
    board.setTargets('zone', [target('a.example.com'), target('b.example.com', '10.0.0.2:443')], TRUST);
    const { verdicts, missing } = board.since('zone', 0);
    expect(verdicts.map(({ hostname }) => hostname)).toEqual(['a.example.com']);
    expect(missing).toEqual(['b.example.com']);
    expect(board.verdictsFor(['c.example.com'])).toEqual([]);
    await clock.advance(0);
    expect(prober.names).toEqual([...NAMES, 'b.example.com']);
  });

  test('whoever listens is told whose verdicts went, with a target or with the zone', async () => {
    const { board, clock, told } = boardScene();
    board.setTargets('zone', targets, TRUST);
    await clock.advance(0);
    await clock.advance(MINUTE);
    told.length = 0;
    board.setTargets('zone', targets.slice(1), TRUST);
    expect(told).toEqual([]);
    await clock.advance(0);
    board.drop('zone');
    await clock.advance(0);
    board.drop('zone');
    await clock.advance(0);
    expect(told.map(({ zone, hostnames }) => [zone, ...hostnames])).toEqual([
      ['zone', 'a.example.com'],
      ['zone', 'b.example.com', 'c.example.com'],
    ]);
  });

  test('a look at what is gone meanwhile is not taken in', async () => {
    const { board, clock, prober, told } = boardScene();
    prober.lookMs = 10;
    board.setTargets('zone', targets, TRUST);
    await clock.advance(5);
    board.drop('zone');
    await clock.advance(MINUTE);
    expect(board.since('zone', 0)).toEqual({ verdicts: [], missing: [] });
    expect(told).toEqual([]);
    expect(prober.asked).toHaveLength(3);
  });

  test('another root, or another client certificate, makes everything missing', async () => {
    const { board, clock, prober } = boardScene();
    const custom = (await authority('Company')).certificate;
    const trusting = { ...TRUST, custom: [custom] };
    board.setTargets('zone', targets, TRUST);
    await clock.advance(0);
    board.setTargets('zone', targets, { ...TRUST, custom: [] });
    expect(board.since('zone', 0).missing).toEqual([]);
    board.setTargets('zone', targets, trusting);
    expect(board.since('zone', 0).missing).toEqual(NAMES);
    expect(board.since('zone', 0).verdicts).toHaveLength(3);
    await clock.advance(0);
    expect(board.since('zone', 0).missing).toEqual([]);
    board.setTargets('zone', targets, trusting, { certificate: 'PEM', key: 'KEY' });
    expect(board.since('zone', 0).missing).toEqual(NAMES);
    await clock.advance(0);
    expect(prober.asked.at(-1)?.options.client).toEqual({ certificate: 'PEM', key: 'KEY' });
  });

  test('a look by a standard that changed meanwhile does not count', async () => {
    const { board, clock, prober } = boardScene();
    prober.lookMs = 10;
    board.setTargets('zone', targets, TRUST);
    await clock.advance(5);
    board.setTargets('zone', targets, TRUST, { certificate: 'PEM', key: 'KEY' });
    await clock.advance(5);
    expect(board.since('zone', 0).missing).toEqual(NAMES);
    await clock.advance(10);
    expect(board.since('zone', 0).missing).toEqual([]);
  });

  test('a source that changed its name is shown by its new one', async () => {
    const { board, clock, prober } = boardScene();
    board.setTargets('zone', [target('a.example.com')], TRUST);
    await clock.advance(0);
    board.setTargets('zone', [target('a.example.com', '10.0.0.1:443', 'Ingress web/other')], TRUST);
    await clock.advance(0);
    expect(board.since('zone', 0).verdicts[0]?.source).toBe('Ingress web/other');
    expect(prober.asked).toHaveLength(1);
  });

  test('what something begins to route elsewhere is looked at again: no connection means another thing', async () => {
    const { board, clock, prober } = boardScene();
    const one = target('a.example.com');
    board.setTargets('zone', [one], TRUST);
    await clock.advance(0);
    for (let times = 0; times < 2; times += 1) {
      board.setTargets('zone', [{ ...one, routedBy: 'Ingress web/shop' }], TRUST);
      await clock.advance(0);
    }
    expect(prober.asked).toHaveLength(2);
    expect(board.since('zone', 0).missing).toEqual([]);
  });
});

describe('refresh', () => {
  test('looks again once the moment has passed, at all names that a wildcard covers, in every zone', async () => {
    const { board, clock, prober, told } = boardScene();
    board.setTargets('one', [target('a.example.com'), target('a.b.example.com')], TRUST);
    board.setTargets('two', [target('b.example.com'), target('example.com')], TRUST);
    await clock.advance(0);
    const before = told.length;
    prober.asked.length = 0;
    board.refresh(['*.Example.com'], 5_000);
    await clock.advance(4_999);
    expect(prober.asked).toEqual([]);
    await clock.advance(1);
    expect(prober.names).toEqual(['a.example.com', 'b.example.com']);
    // Nothing changed, but somebody waits for it.
    expect(told.slice(before).map(({ zone }) => zone)).toEqual(['one', 'two']);
  });

  test('of several moments the first and the last each get a look', async () => {
    const { board, clock, prober } = boardScene();
    board.setTargets('zone', [target('a.example.com')], TRUST);
    await clock.advance(0);
    for (const ms of [5_000, 3_000, 4_000]) board.refresh(['a.example.com'], ms);
    await clock.advance(MINUTE);
    expect(prober.asked.map(({ atMs }) => atMs)).toEqual([0, 3_000, 5_000]);
  });

  test('a look that began before all of them answers none', async () => {
    const { board, clock, prober, told } = boardScene();
    prober.lookMs = 1_000;
    board.setTargets('zone', [target('a.example.com')], TRUST);
    await clock.advance(500);
    for (const ms of [3_000, 5_000]) board.refresh(['a.example.com'], ms);
    await clock.advance(MINUTE);
    expect(prober.asked.map(({ atMs }) => atMs)).toEqual([0, 3_000, 5_000]);
    expect(told.map(({ atMs }) => atMs)).toEqual([1_000, 4_000, 6_000]);
  });

  test('a moment that a look has passed already asks for nothing', async () => {
    const { board, clock, prober } = boardScene();
    await clock.advance(1_000);
    board.setTargets('zone', [target('a.example.com')], TRUST);
    await clock.advance(0);
    board.refresh(['a.example.com', 'unknown.example.com'], 1_000);
    await clock.advance(MINUTE);
    expect(prober.asked).toHaveLength(1);
  });
});

describe('the routine', () => {
  test.each([
    { random: 0, minutes: 24 },
    { random: 0.5, minutes: 30 },
    { random: 0.999999, minutes: 36 },
  ])('looks again after $minutes minutes when chance says $random', async ({ random, minutes }) => {
    const { board, clock, prober } = boardScene({ random: () => random });
    board.setTargets('zone', [target('a.example.com')], TRUST);
    await clock.advance(minutes * MINUTE - 10);
    expect(prober.asked).toHaveLength(1);
    await clock.advance(11);
    expect(prober.asked).toHaveLength(2);
  });

  test('looks at a bad origin six times as often, and tells when it is mended, but not of what stays', async () => {
    const { board, clock, prober, told } = boardScene();
    prober.find = () => ({ result: 'Expired' });
    board.setTargets('zone', [target('a.example.com')], TRUST);
    await clock.advance(MINUTE);
    expect(told).toHaveLength(1);
    await clock.advance(5 * MINUTE);
    expect(prober.asked).toHaveLength(2);
    expect(told).toHaveLength(1);
    prober.find = () => ({ result: 'Valid' });
    await clock.advance(5 * MINUTE);
    expect(prober.asked).toHaveLength(3);
    expect(told).toHaveLength(2);
    expect(board.verdictsFor(['a.example.com'])[0]?.result).toBe('Valid');
  });

  test('ends with the signal', async () => {
    const { board, clock, prober, stop, errors } = boardScene();
    prober.lookMs = 10;
    board.setTargets('zone', targets, TRUST);
    await clock.advance(5);
    stop.abort(new Error('over'));
    await clock.advance(60 * MINUTE);
    expect(prober.asked).toHaveLength(3);
    expect(clock.waiting).toBe(0);
    expect(errors).toEqual([]);
  });
});

describe('a prober that fails', () => {
  test('leaves a verdict, is reported, and is tried again', async () => {
    const { board, clock, prober, errors } = boardScene();
    prober.find = (hostname) => {
      if (hostname === 'a.example.com') throw new TypeError('broken');
      return {};
    };
    board.setTargets('zone', targets, TRUST);
    await clock.advance(0);
    const { verdicts, missing } = board.since('zone', 0);
    expect(missing).toEqual([]);
    expect(verdicts.map(({ result }) => result)).toEqual(['Unverifiable', 'Valid', 'Valid']);
    expect(errors).toEqual([new TypeError('broken')]);
    prober.find = () => ({});
    await clock.advance(30 * MINUTE);
    expect(board.since('zone', 0).verdicts[0]?.result).toBe('Valid');
  });

  test('a listener that throws disturbs nobody', async () => {
    const { board, clock, errors, prober } = boardScene({
      onChange: () => {
        throw new Error('deaf');
      },
    });
    board.setTargets('zone', targets, TRUST);
    await clock.advance(60 * MINUTE);
    expect(prober.asked.length).toBeGreaterThan(5);
    expect(errors).toContainEqual(new Error('deaf'));
  });
});
