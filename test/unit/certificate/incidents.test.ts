import { describe, expect, test } from 'vitest';
import { FINALIZER } from '../../../src/api/names.ts';
import { decide } from '../../../src/certificate/decide.ts';
import { asksOf, withRequests } from '../../../src/certificate/incidents.ts';
import type { World } from '../../../src/certificate/world.ts';
import { Breaker, type Ask } from '../../../src/cloudflare/breaker.ts';
import { refusedError } from '../../../src/cloudflare/classify.ts';
import { unavailable } from '../../../src/cloudflare/errors.ts';
import { TestClock } from '../../support/test-clock.ts';
import { NOW, originCertificate, pendingOf, worldOf } from './fixtures.ts';

/** Issuers whose token is known; that of each bears its name. */
function asking(...names: readonly string[]) {
  return askingOf(...names.map((name) => [name, true] as const));
}

/** The same, of some that are refused. */
function askingOf(...issuers: readonly (readonly [name: string, ready: boolean])[]) {
  const sessions = {
    get: ({ name }: { name: string }) =>
      issuers.filter(([each]) => each === name).map(([each, ready]) => sessionOf(each, ready))[0],
  };
  return { sessions, breaker: new Breaker({ clock: new TestClock() }) } as never;
}

/** The turns of an object `web`, or of what is left of it, in a line that admits what `admits` says. */
function turnsOf(world: World, admits: (ask: Ask) => boolean): World['turns'] {
  const context = { ...(asking('cloudflare') as object), line: { admits } } as never;
  return withRequests(context, subject, world).turns;
}

function sessionOf(name: string, ready: boolean): object {
  return { tokenDigest: name, source: `OriginIssuer ${name}`, zones: [], client: {}, ready };
}

function issuerNamed(name: string) {
  return { kind: 'OriginIssuer', name } as const;
}

const subject = { namespace: 'shop', name: 'web' };
const orphan = { namespace: 'shop', name: 'web', orphanUid: 'uid-2' };
/** One that was replaced an hour ago: revoked after a day, or at once if it leaked. */
const replaced = {
  id: '7',
  supersededAt: new Date(NOW - 3_600_000).toISOString(),
  revoke: 'Superseded',
  issuedFor: 'uid-1',
} as const;
const toRevoke = pendingOf({ postedAt: '', revoke: ['7'] });

describe('what is asked of Cloudflare', () => {
  test('for what is left of an object that is gone, with the token that it was posted with', () => {
    const world = worldOf({ certificate: undefined, pending: toRevoke });
    const settlement = {
      account: 'cloudflare',
      operation: 'revoke_certificate',
      asker: 'shop/web#uid-2',
      requests: 2,
      source: 'OriginIssuer cloudflare',
    };
    expect(asksOf(asking('cloudflare'), orphan, world)).toEqual({ settlement });
    expect(asksOf(asking(), orphan, world)).toEqual({});
  });

  test('for an object whose issuer changed, first with the former one and then with its own', () => {
    const certificate = originCertificate({ issuerRef: issuerNamed('other') });
    const world = worldOf({ certificate, pending: toRevoke });
    const asks = asksOf(asking('cloudflare', 'other'), subject, world);
    expect(asks.creation?.account).toBe('other');
    expect(asks.settlement).toMatchObject({ account: 'cloudflare', asker: 'shop/web', requests: 3 });
    expect(asks.revocation).toMatchObject({ account: 'other', asker: 'shop/web', requests: 2 });
  });

  test('first with a token that is not known to be refused: nobody is called to try that one', () => {
    const certificate = originCertificate({ issuerRef: issuerNamed('other') });
    const world = worldOf({ certificate, pending: toRevoke });
    const asks = asksOf(askingOf(['cloudflare', false], ['other', true]), subject, world);
    expect(asks.settlement).toMatchObject({ account: 'other', requests: 3 });
    // What is refused altogether is given up in the end, and must hear of it.
    expect(
      asksOf(askingOf(['cloudflare', false], ['other', false]), subject, world).settlement,
    ).toBeUndefined();
  });

  test('for what was replaced, with the token of the issuer that issued it', () => {
    const status = {
      superseded: [
        replaced,
        { ...replaced, id: '8', revoke: 'Rekeyed', issuerRef: issuerNamed('former') } as const,
      ],
    };
    const world = worldOf({ certificate: { ...originCertificate(), status } });
    const asks = asksOf(asking('cloudflare', 'former'), subject, world);
    expect(asks.revocation).toMatchObject({ account: 'former', requests: 3 });
  });

  test('takes no turn for what is not needed', () => {
    const asked: (string | undefined)[] = [];
    const turns = (world: World) => turnsOf(world, ({ operation }) => asked.push(operation) > 0);
    turns(worldOf());
    turns(worldOf({ certificate: { ...originCertificate(), status: { superseded: [replaced] } } }));
    turns(worldOf({ pending: toRevoke, certificate: undefined, waits: { postMs: 0, writeMs: 9 } }));
    turns(worldOf({ target: undefined, pending: pendingOf() }));
    turns(worldOf({ certificate: originCertificate({ suspend: true }), target: undefined }));
    expect(asked).toEqual([]);
    turns(worldOf({ pending: toRevoke, certificate: undefined }));
    turns(worldOf({ target: undefined }));
    expect(asked).toEqual(['revoke_certificate', 'create_certificate']);
  });

  test('asks for the certificate itself before a temporary pair stands in for it', () => {
    const world = worldOf({
      certificate: originCertificate({ temporaryCertificate: true }),
      target: undefined,
    });
    expect(turnsOf(world, () => true)).toMatchObject({ creation: true });
  });

  test('asks for the revocation of what is due when the certificate has to wait', () => {
    const granted = new Set(['revoke_certificate']);
    const status = { superseded: [{ ...replaced, revoke: 'Rekeyed' as const }] };
    const certificate = { ...originCertificate({}, { finalizers: [FINALIZER] }), status };
    const world = worldOf({ certificate, target: undefined });
    const turns = turnsOf(world, ({ operation }) => granted.has(operation));
    expect(turns).toMatchObject({ creation: false, revocation: true });
  });

  test('as a probe although an earlier failure of its own still stands', () => {
    const breaker = new Breaker({ clock: new TestClock(), random: () => 0 });
    const asker = 'shop/web#uid-2';
    const read = { account: 'cloudflare', operation: 'get_certificate', asker } as const;
    for (const each of [asker, 'another'])
      breaker.begin({ ...read, asker: each })(unavailable('get_certificate', 'HTTP status 503'));
    breaker.reserve(read, 15_000);
    const context = { ...(asking('cloudflare') as object), breaker, line: { admits: () => true } } as never;
    const failure = {
      reason: 'CloudflareUnavailable',
      message: 'HTTP status 503',
      rayId: undefined,
      count: 7,
      since: NOW,
      lastTime: NOW,
      nextTime: NOW + 300_000,
    } as const;
    const world = worldOf({ certificate: undefined, pending: toRevoke, failure, settleFailure: failure });
    expect(decide(withRequests(context, orphan, world))).toMatchObject({ type: 'Revoke' });
  });
});

test('in an incident of a refused token each object is told of its own issuer, whoever met it', () => {
  const breaker = new Breaker({ clock: new TestClock(), random: () => 0 });
  const error = refusedError({
    operation: 'create_certificate',
    share: 'certificates',
    status: 403,
    errors: [{ code: 9109, message: 'no' }],
    rayId: 'r1',
    retryAfterMs: undefined,
  });
  for (const asker of ['team/a', 'team/b'])
    breaker.begin({ account: 'cloudflare', operation: 'create_certificate', asker, place: '' })(error);
  const context = { ...(asking('cloudflare') as object), breaker, line: { admits: () => true } } as never;
  const action = decide(withRequests(context, subject, worldOf({ target: undefined })));
  expect(action).toMatchObject({
    type: 'AwaitTurn',
    said: {
      reason: 'PermissionMissing',
      message: expect.stringMatching(/^OriginIssuer cloudflare: Cloudflare denied .* Other certificates/),
    },
  });
});
