import { describe, expect, test } from 'vitest';
import { asksOf, turnsFor } from '../../../src/certificate/incidents.ts';
import { Breaker, type Ask } from '../../../src/cloudflare/breaker.ts';
import { TestClock } from '../../support/test-clock.ts';
import { originCertificate, pendingOf, worldOf } from './fixtures.ts';

/** Issuers whose token is known; that of each bears its name. */
function asking(...names: readonly string[]) {
  const sessions = {
    get: ({ name }: { name: string }) => (names.includes(name) ? sessionOf(name) : undefined),
  };
  return { sessions, breaker: new Breaker({ clock: new TestClock() }) } as never;
}

const made = new Map<string, object>();
function sessionOf(name: string): object {
  const session = made.get(name) ?? { tokenDigest: name, zones: [], client: {} };
  made.set(name, session);
  return session;
}

const orphan = { namespace: 'shop', name: 'web', orphanUid: 'uid-2' };
const toRevoke = pendingOf({ postedAt: '', revoke: ['7'] });

describe('what is asked of Cloudflare', () => {
  test('for what is left of an object that is gone, with the token that it was posted with', () => {
    const world = { certificate: undefined, leaving: undefined, pending: toRevoke };
    const settlement = {
      account: 'cloudflare',
      operation: 'revoke_certificate',
      asker: 'shop/web#uid-2',
      requests: 2,
    };
    expect(asksOf(asking('cloudflare'), orphan, world)).toEqual({ settlement });
    expect(asksOf(asking(), orphan, world)).toEqual({});
  });

  test('for an object whose issuer changed, first with the former one and then with its own', () => {
    const certificate = originCertificate({ issuerRef: { kind: 'OriginIssuer', name: 'other' } });
    const world = { certificate, leaving: undefined, pending: toRevoke };
    const asks = asksOf(asking('cloudflare', 'other'), { namespace: 'shop', name: 'web' }, world);
    expect(asks.creation?.account).toBe('other');
    expect(asks.settlement).toMatchObject({ account: 'cloudflare', asker: 'shop/web', requests: 3 });
    expect(asks.revocation).toMatchObject({ account: 'other', asker: 'shop/web', requests: 2 });
  });

  test('takes no turn for what is not needed', () => {
    const asked: (string | undefined)[] = [];
    const line = { admits: ({ operation }: Ask) => asked.push(operation) > 0 } as never;
    const subject = { namespace: 'shop', name: 'web' };
    const turns = (world: ReturnType<typeof worldOf>) =>
      turnsFor({ line }, asksOf(asking('cloudflare'), subject, world), world);
    turns(worldOf());
    expect(asked.splice(0)).toEqual(['create_certificate']);
    turns(worldOf({ pending: toRevoke, certificate: undefined }));
    expect(asked).toEqual(['revoke_certificate']);
  });
});
