import { describe, expect, test } from 'vitest';
import { bundleOf, presentedCas } from '../../../../src/zone/pulls/bundle.ts';
import { renewalTime } from '../../../../src/zone/pulls/leaves.ts';
import { CA, DAY, LEAF, MINUTE, NEXT_CA, NEXT_LEAF, NOW, seen, SHARED_PEM, store, world } from './worlds.ts';

const ON = { on: true, editable: true, modifiedOn: NOW - DAY };
const ofNextCa = { ...NEXT_LEAF, signer: 'CA2' };

describe('what is published', () => {
  test.each<[string, ReturnType<typeof world>, string | undefined]>([
    ["is the zone's CA while its certificate is presented", world(), CA.pem],
    ['is nothing before anything is presented', world({ cloudflare: { enabled: false } }), undefined],
    [
      'is nothing while the certificate is not active',
      world({ cloudflare: { certificates: [] } }),
      undefined,
    ],
    ['is nothing under flexible', world({ ssl: 'flexible' }), undefined],
    ['is nothing once it is to be off', world({ mode: 'Off' }), undefined],
    [
      'is both CAs while one replaces the other',
      world({ store: store({ nextCa: NEXT_CA }) }),
      CA.pem + NEXT_CA.pem,
    ],
    [
      "is the zone's CA and the shared one before the zone's takes over",
      world({ cloudflare: { enabled: false, shared: ON } }),
      CA.pem + SHARED_PEM,
    ],
    [
      'is both still while that spreads',
      world({ cloudflare: { shared: ON }, store: store({ presentingSince: NOW - MINUTE }) }),
      CA.pem + SHARED_PEM,
    ],
    ["is the zone's alone after that", world({ cloudflare: { shared: ON } }), CA.pem],
    [
      'is the shared one',
      world({
        mode: 'Shared',
        store: { state: 'absent' },
        cloudflare: { shared: ON, enabled: false, certificates: [] },
      }),
      SHARED_PEM,
    ],
    ['is the shared one beside what it is to replace', world({ mode: 'Shared' }), SHARED_PEM + CA.pem],
    [
      'is both while the switch spreads',
      world({ mode: 'Shared', cloudflare: { shared: ON, enabled: false }, ages: { disabled: MINUTE } }),
      SHARED_PEM + CA.pem,
    ],
    [
      'is the shared one alone after that',
      world({ mode: 'Shared', cloudflare: { shared: ON, enabled: false } }),
      SHARED_PEM,
    ],
  ])('%s', (_, given, bundle) => {
    expect(bundleOf(given)).toBe(bundle);
  });

  test.each<[string, ReturnType<typeof world>, readonly string[]]>([
    ["the zone's own", world(), [CA.pem]],
    [
      'both, while two CAs have active certificates',
      world({
        store: store({ nextCa: NEXT_CA }),
        cloudflare: { certificates: [seen(LEAF), seen(ofNextCa)] },
      }),
      [CA.pem, NEXT_CA.pem],
    ],
    [
      'the new CA, once the old has none',
      world({ store: store({ nextCa: NEXT_CA }), cloudflare: { certificates: [seen(ofNextCa)] } }),
      [NEXT_CA.pem],
    ],
    ['the shared one', world({ cloudflare: { enabled: false, shared: ON } }), [SHARED_PEM]],
    ['nothing', world({ cloudflare: { enabled: false } }), []],
  ])('what is presented leads to %s', (_, given, pems) => {
    expect(presentedCas(given)).toEqual(pems);
  });
});

describe('a leaf is renewed', () => {
  const leaf = { ...LEAF, notBefore: 0, notAfter: 90 * DAY };
  test('at a third of its life left', () => {
    expect(renewalTime({ ...leaf, fingerprint: '00:AB' })).toBe(60 * DAY);
  });
  test('or up to a day and a half earlier, by its fingerprint', () => {
    const earliest = renewalTime({ ...leaf, fingerprint: 'FF:AB' });
    expect(earliest).toBeLessThan(60 * DAY);
    expect(earliest).toBeGreaterThan(58.5 * DAY);
  });
});
