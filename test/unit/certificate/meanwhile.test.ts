import { describe, expect, test } from 'vitest';
import { FINALIZER } from '../../../src/api/names.ts';
import { decide } from '../../../src/certificate/decide.ts';
import { ALL_TURNS, NO_INCIDENTS } from '../../../src/certificate/incidents.ts';
import { rest } from '../../../src/certificate/rest.ts';
import { CertificateMemory } from '../../../src/certificate/memory.ts';
import type { Superseded } from '../../../src/certificate/superseded.ts';
import type { Leaving, World } from '../../../src/certificate/world.ts';
import { TestClock } from '../../support/test-clock.ts';
import { NOW, originCertificate, pendingOf, targetFacts, worldOf } from './fixtures.ts';

const MINUTE = 60_000;
const issuerRef = { kind: 'OriginIssuer', name: 'cloudflare' } as const;
const held = { state: 'held', reason: 'CloudflareUnavailable', message: 'all fail' } as const;
const failure = {
  reason: 'PermissionMissing',
  message: 'refused',
  rayId: undefined,
  count: 1,
  since: NOW,
  lastTime: NOW,
  nextTime: NOW + 5 * MINUTE,
} as const;
const loop = { issuedAt: [NOW - 1, NOW - 2, NOW - 3] };
const NO_TURNS = { creation: false, search: false, revocation: false, settlement: false };
const REVOKES = { ...NO_TURNS, revocation: true };

/** One that leaked and was replaced so many minutes ago. */
function leaked(minutes: number): Superseded {
  const supersededAt = new Date(NOW - minutes * MINUTE).toISOString();
  return { id: '7', supersededAt, revoke: 'Rekeyed', issuedFor: 'uid-1', issuerRef };
}

/** Whose leaked certificate is due, and whose Secret needs another. */
function lacking(change: Partial<World> = {}, minutes = 2): World {
  const certificate = {
    ...originCertificate({}, { finalizers: [FINALIZER] }),
    status: { superseded: [leaked(minutes)] },
  };
  return worldOf({ certificate, target: undefined, ...change });
}

describe('a leaked certificate that is due is revoked', () => {
  test.each<[string, Partial<World>]>([
    ['while another one waits for its turn', { turns: REVOKES }],
    ['while no other one can be had', { incidents: { ...NO_INCIDENTS, creation: held } }],
    [
      'while an earlier request cannot be looked for',
      { pending: pendingOf(), incidents: { ...NO_INCIDENTS, search: held } },
    ],
    [
      'while what an unwanted issuance left cannot be settled',
      { pending: pendingOf({ revoke: ['9'] }), settleFailure: failure },
    ],
    ['while nothing is issued at all', loop],
  ])('%s', (_, change) => {
    expect(decide(lacking(change))).toMatchObject({ type: 'RevokeSuperseded', entries: [{ id: '7' }] });
  });

  test('not in the turn of another request, which it does not lose its place for', () => {
    expect(decide(lacking({ turns: NO_TURNS }))).toMatchObject({ type: 'AwaitTurn', request: 'creation' });
  });

  test.each<[string, Partial<World>, object]>([
    ['what is refused', loop, { type: 'Refuse', reason: 'IssuanceLoop' }],
    [
      'what is held back',
      { incidents: { ...NO_INCIDENTS, creation: held } },
      { type: 'AwaitTurn', request: 'creation', said: { message: 'all fail' } },
    ],
  ])('in its own turn, which %s stands in line for', (_, change, expected) => {
    const action = decide(lacking({ ...change, turns: NO_TURNS }));
    expect(action).toMatchObject({ ...expected, alsoFor: 'revocation' });
  });
});

describe('who waits looks again', () => {
  const dueMs = MINUTE / 2;

  test('when a revocation that failed is to be tried again, whatever refuses the next certificate', () => {
    const revokeFailure = { ...failure, nextTime: NOW + 7000 };
    expect(decide(lacking({ ...loop, revokeFailure }))).toMatchObject({ type: 'Refuse', retryMs: 7000 });
    const unsettled = { pending: pendingOf({ revoke: ['9'] }), settleFailure: failure };
    expect(decide(lacking({ ...unsettled, revokeFailure }))).toMatchObject({ type: 'Wait', ms: 7000 });
  });

  test('in the line of an incident that holds back its revocation, unless it stands there already', () => {
    const incidents = { ...NO_INCIDENTS, revocation: held };
    expect(decide(lacking({ ...loop, incidents }))).toMatchObject({ type: 'Refuse', alsoFor: 'revocation' });
    const both = decide(lacking({ incidents: { ...incidents, creation: held } }));
    expect(both).toMatchObject({ type: 'AwaitTurn', request: 'creation' });
    expect(both).not.toHaveProperty('alsoFor');
  });

  test('when a leaked certificate is due', () => {
    expect(decide(lacking({ turns: NO_TURNS }, 0.5))).toMatchObject({ wakeAt: NOW + dueMs });
    expect(decide(lacking(loop, 0.5))).toMatchObject({ retryMs: dueMs });
    const unsettled = { pending: pendingOf({ revoke: ['9'] }), settleFailure: failure };
    expect(decide(lacking(unsettled, 0.5))).toMatchObject({ type: 'Wait', ms: dueMs });
  });

  test('when its certificate is to be renewed, however long its revocation has to wait', () => {
    const done = decide(worldOf());
    const waiting = decide(lacking({ target: targetFacts(), turns: NO_TURNS }));
    expect(waiting).toMatchObject({ type: 'AwaitTurn', request: 'revocation' });
    expect(waiting).toMatchObject({ wakeAt: done.type === 'Done' ? done.wakeAt : undefined });
  });

  /** What is asked for in the line, and what a rest of an object that is being deleted ends with. */
  async function rested(action: Parameters<typeof rest>[3]) {
    const clock = new TestClock();
    const joined: (string | undefined)[] = [];
    const line = {
      join: ({ operation }: { operation: string }) => joined.push(operation),
      leave: () => undefined,
    };
    const session = { tokenDigest: 'cloudflare', zones: [], client: {}, ready: true };
    const context = {
      line,
      sessions: { get: () => session },
      breaker: { holds: () => false },
      memory: new CertificateMemory({ clock, random: () => 0, postTimeoutMs: 30_000, settleMs: 30_000 }),
    } as unknown as Parameters<typeof rest>[0];
    const { certificate } = lacking();
    if (certificate === undefined) throw new Error('no object');
    const leaving: Leaving = { certificate, leftMs: 5 * MINUTE, token: 'known' };
    const world = worldOf({ certificate: undefined, leaving, target: undefined, turns: ALL_TURNS });
    const subject = { namespace: 'shop', name: 'web' };
    return { joined, ...(await rest(context, subject, world, action, new AbortController().signal)) };
  }

  test('in the line and on the clock, whichever comes first', async () => {
    const waits = { type: 'AwaitTurn', request: 'revocation', wakeAt: NOW + 7 } as const;
    expect(await rested(waits)).toEqual({ joined: ['revoke_certificate'], requeueAfterMs: 7 });
    const wait = { type: 'Wait', ms: 9, alsoFor: 'revocation' } as const;
    expect(await rested(wait)).toEqual({ joined: ['revoke_certificate'], requeueAfterMs: 9 });
    expect(await rested({ type: 'Wait', ms: 9 })).toEqual({ joined: [], requeueAfterMs: 9 });
  });
});
