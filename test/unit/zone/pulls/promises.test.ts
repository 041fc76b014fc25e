import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide, safeToDemand } from '../../../../src/zone/pulls/decide.ts';
import type { PullsWorld, Stored } from '../../../../src/zone/pulls/world.ts';
import {
  CA,
  DAY,
  DUE_LEAF,
  LEAF,
  line,
  MINUTE,
  NEXT_CA,
  NEXT_LEAF,
  NOW,
  seen,
  stored,
  world,
} from './worlds.ts';

const age = fc.constantFrom(0, MINUTE, 5 * MINUTE, 60 * MINUTE);
const maybe = <T>(...values: readonly T[]): fc.Arbitrary<T | undefined> =>
  fc.constantFrom(undefined, ...values);
const leafOfNextCa = { ...LEAF, fingerprint: '00:LEAF3', signer: 'CA2' };
const nextOfNextCa = { ...NEXT_LEAF, fingerprint: '00:LEAF4', signer: 'CA2' };

const storedArbitrary: fc.Arbitrary<Stored> = fc
  .record({
    ca: fc.constantFrom(CA, { ...CA, canSign: false }, { ...CA, notAfter: NOW + DAY }),
    nextCa: maybe(NEXT_CA, { ...NEXT_CA, canSign: false }),
    leaf: maybe(LEAF, DUE_LEAF, leafOfNextCa),
    nextLeaf: maybe(NEXT_LEAF, nextOfNextCa),
    postedAt: maybe('a moment ago'),
    presentingSince: maybe(NOW, NOW - DAY),
  })
  .map(stored);

const certificate = fc
  .record({
    of: fc.constantFrom(
      LEAF,
      NEXT_LEAF,
      leafOfNextCa,
      nextOfNextCa,
      { ...LEAF, fingerprint: 'OTHERS' },
      { ...LEAF, fingerprint: 'F', signer: undefined },
    ),
    id: fc.constantFrom('a', 'b', 'c', 'd'),
    status: fc.constantFrom(
      'initializing',
      'pending_deployment',
      'active',
      'active',
      'pending_deletion',
      'deployment_timed_out',
      'deletion_timed_out',
      'unknown',
    ),
  })
  .map(({ of, id, status }) => seen(of, { id, status }));

const demand = fc.record({
  complete: fc.boolean(),
  why: fc.constant(undefined),
  required: fc.constantFrom([], [line({ clientCertificate: 'required' })]),
  unknown: fc.constantFrom([], [line({ clientCertificate: 'unknown' })]),
});

const published = fc.record({
  kind: fc.constantFrom('Secret', 'ConfigMap'),
  namespace: fc.constant('web'),
  name: fc.constant('ca'),
  state: fc.constantFrom('current', 'stale', 'refused'),
  isDue: fc.boolean(),
  trusts: fc.boolean(),
  message: fc.constant('It may not.'),
});

const worlds: fc.Arbitrary<PullsWorld> = fc
  .record({
    mode: fc.constantFrom('Off', 'Shared', 'Zone', 'Zone'),
    ssl: fc.constantFrom(undefined, 'off', 'flexible', 'full', 'full', 'strict', 'strict'),
    store: fc.oneof(
      {
        weight: 5,
        arbitrary: storedArbitrary.map((content) => ({ state: 'ours' as const, stored: content })),
      },
      { weight: 1, arbitrary: fc.constant({ state: 'absent' as const }) },
    ),
    wantedCa: fc.constantFrom(
      { state: 'own' } as const,
      { state: 'given', ca: NEXT_CA, place: 'Secret ca' } as const,
    ),
    cloudflare: fc.record({
      shared: fc.record({ on: fc.boolean(), editable: fc.boolean(), modifiedOn: maybe(NOW - DAY, NOW) }),
      enabled: fc.boolean(),
      certificates: fc.uniqueArray(certificate, { selector: ({ id }) => id, maxLength: 4 }),
    }),
    demand,
    bundle: maybe(CA.pem),
    publish: fc.array(published, { maxLength: 2 }),
    acceptance: fc.constantFrom(
      { state: 'unasked' } as const,
      { state: 'asking' } as const,
      { state: 'accepted' } as const,
    ),
    ages: fc.record({
      sharedOn: age,
      disabled: age,
      published: age,
      oldGone: age,
      posted: age,
      deploying: age,
      nextActive: age,
    }),
    backoffMs: fc.constantFrom(0, MINUTE),
    hindrance: maybe('spec.mode is Observe'),
  })
  .map(world);

/** Over many worlds, most of which never happen. */
function always(promise: (given: PullsWorld) => void): void {
  fc.assert(fc.property(worlds, promise), { numRuns: 5000 });
}

describe('whatever the world is like', () => {
  test('there is one step, with a sentence', () => {
    always((given) => {
      expect(decide(given).message).toMatch(/\.$/);
    });
  });

  test('nothing is done under a hold', () => {
    always((given) => {
      expect(decide({ ...given, hindrance: 'it is held' }).effect).toBeUndefined();
    });
  });

  test('only what we uploaded is deleted', () => {
    always((given) => {
      const { effect } = decide(given);
      if (effect?.do !== 'Delete') return;
      const { store, cloudflare } = given;
      const { fingerprint } = cloudflare.certificates.find(({ id }) => id === effect.id) ?? {};
      const ours =
        store.state === 'ours' ? [store.stored.leaf?.fingerprint, store.stored.nextLeaf?.fingerprint] : [];
      expect(ours).toContain(fingerprint);
    });
  });

  test('beside a foreign certificate nothing is uploaded, made or switched on', () => {
    always((given) => {
      const isForeign = given.cloudflare.certificates.some(
        ({ signer, status }) => signer === undefined && status !== 'pending_deletion',
      );
      if (given.mode !== 'Zone' || !isForeign) return;
      expect(decide(given).effect).toBeUndefined();
    });
  });

  test('a leaf is uploaded only where Cloudflare has none of it', () => {
    always((given) => {
      const { effect } = decide(given);
      if (effect?.do !== 'Upload' || given.store.state !== 'ours') return;
      const leaf = given.store.stored[effect.slot];
      const there = given.cloudflare.certificates.filter(
        ({ fingerprint, status }) => fingerprint === leaf?.fingerprint && !/deletion/.test(status),
      );
      expect(there).toEqual([]);
    });
  });

  test('what is presented is switched off only when no origin demands it, or another takes its place', () => {
    always((given) => {
      const { effect } = decide(given);
      const isOff =
        (effect?.do === 'Enable' && !effect.enabled) || (effect?.do === 'SetShared' && !effect.on);
      if (!isOff) return;
      const { complete, required, unknown } = given.demand;
      const nobody = complete && required.length === 0 && unknown.length === 0;
      const replaced =
        given.mode === 'Shared' && given.cloudflare.shared.on && given.ages.published >= 5 * MINUTE;
      expect(nobody || replaced).toBe(true);
    });
  });

  test('the last active leaf is deleted only once it is not presented any more', () => {
    always((given) => {
      const { effect } = decide(given);
      if (effect?.do !== 'Delete' || !given.cloudflare.enabled) return;
      const target = given.cloudflare.certificates.find(({ id }) => id === effect.id);
      const rest = given.cloudflare.certificates.filter(
        ({ id, status }) => id !== effect.id && status === 'active',
      );
      expect(target?.status !== 'active' || rest.length > 0).toBe(true);
    });
  });

  test('a CA goes only when no certificate of it is at Cloudflare', () => {
    always((given) => {
      if (decide(given).effect?.do !== 'PromoteCa' || given.store.state !== 'ours') return;
      const old = given.store.stored.ca.fingerprint;
      expect(given.cloudflare.certificates.filter(({ signer }) => signer === old)).toEqual([]);
    });
  });

  test('origins may demand only what is presented', () => {
    always((given) => {
      if (!safeToDemand(given)) return;
      expect(['full', 'strict', 'origin_pull']).toContain(given.ssl);
      expect(given.publish.filter(({ trusts }) => !trusts)).toEqual([]);
      const { shared, enabled } = given.cloudflare;
      expect(given.mode === 'Shared' ? shared.on && !enabled : given.mode === 'Zone' && enabled).toBe(true);
    });
  });
});
