import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { ProbeBoard } from '../../../src/probe/board.ts';
import { Limits } from '../../../src/probe/limits.ts';
import type { Probes } from '../../../src/probe/types.ts';
import { silentPort, tlsOrigin } from '../../support/tls-origin.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { freshMs } from '../../../src/zone/gate-look.ts';
import { boardScene, PaperProber, target, TRUST, type BoardScene } from './board-scene.ts';
import { authorities, HOST, leaf, prober as realProber } from './scene.ts';

const RATE = 20;
const COUNT = 5_000;
const SECOND = 1_000;

const names = (zone: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `n${at}.${zone}`);

/** A board whose prober keeps the limits of the real one. */
function limited(): BoardScene {
  const { clock } = boardScene();
  const paper = new PaperProber(clock);
  const limits = new Limits({ clock, concurrency: 16, ratePerSecond: RATE });
  const prober: Probes = {
    async probe(of, trust, options) {
      const turn = await limits.turn(of.hostname, options.signal);
      try {
        await turn.connection(options.signal);
        return await paper.probe(of, trust, options);
      } finally {
        turn.end();
      }
    },
  };
  const told: BoardScene['told'] = [];
  const stop = new AbortController();
  const board = new ProbeBoard({
    prober,
    clock,
    random: () => 0.5,
    onChange: (zone, hostnames) => void told.push({ zone, hostnames, atMs: clock.monotonic() }),
    signal: stop.signal,
  });
  return { clock, prober: paper, board, told, errors: [], stop };
}

const setZone = ({ board }: BoardScene, zone: string, count: number): void =>
  board.setTargets(
    zone,
    names(zone, count).map((name) => target(name)),
    TRUST,
  );

// Four minutes of the clock are a second of work, and more on a busy machine.
describe('five thousand names at twenty a second', { timeout: 60_000 }, () => {
  test('are all looked at once within the time this takes, and told of now and then', async () => {
    const scene = limited();
    setZone(scene, 'big', COUNT);
    scene.board.since('big', 0);
    await scene.clock.advance((COUNT / RATE) * SECOND);
    expect(new Set(scene.prober.names).size).toBe(COUNT);
    expect(scene.prober.asked).toHaveLength(COUNT);
    expect(scene.prober.mostRunning).toBeLessThanOrEqual(16);
    expect(scene.board.since('big', 0).missing).toEqual([]);
    expect(scene.told.length).toBeLessThan(30);
    expect(new Set(scene.told.flatMap(({ hostnames }) => hostnames)).size).toBe(COUNT);
  });

  test('make no small zone wait', async () => {
    const scene = limited();
    setZone(scene, 'big', COUNT);
    scene.board.since('big', 0);
    await scene.clock.advance(10 * SECOND);
    setZone(scene, 'small', 3);
    expect(scene.board.since('small', 0).missing).toHaveLength(3);
    await scene.clock.advance(5 * SECOND);
    expect(scene.board.since('small', 0).missing).toEqual([]);
    expect(scene.told.filter(({ zone }) => zone === 'small')).not.toEqual([]);
  });

  test('that nobody asked for let through the one that somebody did', async () => {
    const scene = limited();
    setZone(scene, 'big', COUNT);
    await scene.clock.advance(10 * SECOND);
    const [last = ''] = names('big', COUNT).slice(-1);
    expect(scene.board.verdictsFor([last])).toEqual([]);
    scene.board.refresh([last], scene.clock.monotonic());
    await scene.clock.advance(5 * SECOND);
    expect(scene.board.verdictsFor([last])).toHaveLength(1);
  });

  test('that are asked for over and over do not stop the routine of others', async () => {
    const scene = limited();
    setZone(scene, 'big', COUNT);
    setZone(scene, 'quiet', 40);
    for (let second = 0; second < 30; second += 1) {
      scene.board.since('big', scene.clock.monotonic());
      await scene.clock.advance(SECOND);
    }
    expect(scene.board.verdictsFor(names('quiet', 40))).toHaveLength(40);
  });
});

test(
  'more names than a quarter of an hour has looks for are fresh together, once',
  { timeout: 120_000 },
  async () => {
    const scene = limited();
    const zoneNames = Array.from({ length: 20 }, (_, at) => `zone${at}`);
    for (const zone of zoneNames) setZone(scene, zone, COUNT / 4);
    expect(scene.board.roundMs).toBe(((20 * COUNT) / 4 / RATE) * SECOND);
    const keptMs = freshMs(scene.board);
    const done = new Set<string>();
    for (let minute = 0; minute < 60 && done.size < zoneNames.length; minute += 1) {
      for (const zone of zoneNames) {
        const { missing } = scene.board.since(zone, scene.clock.monotonic() - keptMs);
        if (missing.length === 0) done.add(zone);
      }
      await scene.clock.advance(60 * SECOND);
    }
    expect(done.size).toBe(zoneNames.length);
    scene.board.drop('zone0');
    expect(scene.board.roundMs).toBe(((19 * COUNT) / 4 / RATE) * SECOND);
  },
);

test('an address that accepts connections and keeps silent makes no other zone wait, nor other names of its own', async () => {
  const { clock, board, prober } = boardScene();
  const SILENT = '10.9.9.9:443';
  prober.lookOf = ({ addresses }) => (addresses.includes(SILENT) ? 15 * SECOND : 50);
  const silent = names('stuck', 200).map((name) => target(name, SILENT));
  board.setTargets('stuck', [...silent, target('well.stuck')], TRUST);
  board.since('stuck', 0);
  await clock.advance(SECOND);
  board.setTargets(
    'well',
    names('well', 20).map((name, at) => target(name, `10.0.0.${at}:443`)),
    TRUST,
  );
  expect(board.since('well', 0).missing).toHaveLength(20);
  await clock.advance(SECOND);
  expect(board.since('well', 0).missing).toEqual([]);
  expect(board.verdictsFor(['well.stuck'])).toHaveLength(1);
  expect(prober.asked.length).toBeLessThan(30);
});

test('a dead address is knocked at once for all names that waited for it', async () => {
  const { trust } = await authorities();
  await using dead = await silentPort();
  const stop = new AbortController();
  const COUNT_DEAD = 60;
  const board = new ProbeBoard({
    prober: realProber({ connectTimeoutMs: 300 }),
    clock: systemClock,
    random: Math.random,
    onChange: () => undefined,
    signal: stop.signal,
  });
  board.setTargets(
    'zone',
    names('dead.example', COUNT_DEAD).map((name) => target(name, dead.address)),
    trust,
  );
  const verdicts = await waitFor(
    'all verdicts',
    () => {
      const found = board.since('zone', 0).verdicts;
      return (found.length === COUNT_DEAD && found) || new NotYet(found.length);
    },
    { timeoutMs: 5_000, intervalMs: 5 },
  );
  expect(new Set(verdicts.map(({ result }) => result))).toEqual(new Set(['Timeout']));
  expect(new Set(verdicts.map(({ beganMs }) => beganMs)).size).toBeLessThan(4);
  stop.abort();
});

test('a board with a real prober tells when a real origin was mended', async () => {
  const known = await authorities();
  const broken = await leaf(known.stranger, [HOST]);
  const good = await leaf(known.originEcc, [HOST]);
  const stop = new AbortController();
  const told: string[] = [];
  const board = new ProbeBoard({
    prober: realProber(),
    clock: systemClock,
    random: Math.random,
    onChange: (zone) => void told.push(zone),
    signal: stop.signal,
  });
  const { address, port } = await (async () => {
    await using origin = await tlsOrigin({ pair: broken });
    board.setTargets('zone', [target(HOST, origin.address)], known.trust);
    await waitFor('a first verdict', () => told.length > 0, { timeoutMs: 5_000, intervalMs: 5 });
    return origin;
  })();
  expect(board.verdictsFor(['*.example.com'])[0]).toMatchObject({ result: 'Untrusted', address });
  await using _origin = await tlsOrigin({ pair: good, port });
  const sinceMs = systemClock.monotonic();
  await waitFor(
    'the mended origin',
    () => {
      const { verdicts, missing } = board.since('zone', sinceMs);
      return (missing.length === 0 && verdicts[0]?.result === 'Valid') || new NotYet(verdicts);
    },
    { timeoutMs: 5_000, intervalMs: 5 },
  );
  expect(told).toEqual(['zone', 'zone']);
  stop.abort();
});
