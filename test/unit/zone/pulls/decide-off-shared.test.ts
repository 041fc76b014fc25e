import { describe, expect, test } from 'vitest';
import { decide, safeToDemand } from '../../../../src/zone/pulls/decide.ts';
import type { PullEffect, PullState, PullsWorld, Reading } from '../../../../src/zone/pulls/world.ts';
import { CA, line, MINUTE, NOW, seen, SHARED_PEM, store, world } from './worlds.ts';

type Case = readonly [string, PullsWorld, PullState, PullEffect | undefined];
type Parts = Parameters<typeof world>[0];

const ON = { on: true, editable: true, modifiedOn: NOW - 60 * MINUTE };
const OFF: Reading['shared'] = { on: false, editable: true, modifiedOn: undefined };
const NOTHING = { shared: OFF, enabled: false, certificates: [] };
const FOREIGN = seen({ fingerprint: 'F', notAfter: NOW, signer: undefined }, { id: 'foreign' });
const required = line({ clientCertificate: 'required' });
const target = {
  kind: 'Secret',
  namespace: 'web',
  name: 'ca',
  isDue: false,
  trusts: true,
  message: '',
} as const;

const off = (parts: Parts = {}): PullsWorld => world({ mode: 'Off', bundle: undefined, ...parts });
const shared = (parts: Parts = {}): PullsWorld =>
  world({
    mode: 'Shared',
    bundle: SHARED_PEM,
    store: { state: 'absent' },
    ...parts,
    cloudflare: { shared: ON, enabled: false, certificates: [], ...parts.cloudflare },
  });

const OFF_CASES: readonly Case[] = [
  ['what presents nothing is off', off({ cloudflare: NOTHING }), 'Off', undefined],
  [
    'it stays on until all origins were looked at',
    off({ demand: { complete: false, why: undefined, required: [], unknown: [] } }),
    'SwitchingOff',
    undefined,
  ],
  [
    'it stays on while an origin demands it',
    off({ demand: { complete: true, why: undefined, required: [required], unknown: [] } }),
    'SwitchingOff',
    undefined,
  ],
  [
    'it stays on while an origin cannot be told of',
    off({ demand: { complete: true, why: undefined, required: [], unknown: [line()] } }),
    'SwitchingOff',
    undefined,
  ],
  [
    'the shared one is switched off first',
    off({ cloudflare: { shared: ON } }),
    'SwitchingOff',
    { do: 'SetShared', on: false },
  ],
  [
    'what the plan does not let be changed is told',
    off({ cloudflare: { shared: { ...ON, editable: false } } }),
    'SettingNotEditable',
    undefined,
  ],
  ["then the zone's own", off(), 'SwitchingOff', { do: 'Enable', enabled: false }],
  [
    'then our leaf is deleted',
    off({ cloudflare: { enabled: false } }),
    'SwitchingOff',
    { do: 'Delete', id: 'id of 00:LEAF1', failed: false },
  ],
  [
    'a deletion that Cloudflare gave up is asked for again',
    off({
      cloudflare: { enabled: false, certificates: [seen(undefined, { status: 'deletion_timed_out' })] },
    }),
    'SwitchingOff',
    { do: 'Delete', id: 'id of 00:LEAF1', failed: false },
  ],
  [
    'its deletion is waited for',
    off({ cloudflare: { enabled: false, certificates: [seen(undefined, { status: 'pending_deletion' })] } }),
    'SwitchingOff',
    undefined,
  ],
  [
    "what is not ours stays: another cluster's, or somebody else's",
    off({
      cloudflare: { enabled: false, certificates: [FOREIGN, { ...FOREIGN, id: 'others', signer: 'CA1' }] },
    }),
    'Off',
    undefined,
  ],
  [
    'under flexible an origin that demands holds it too: the mode may come back',
    off({ ssl: 'flexible', demand: { complete: true, why: undefined, required: [required], unknown: [] } }),
    'SwitchingOff',
    undefined,
  ],
];

const SHARED_CASES: readonly Case[] = [
  ['at rest nothing is done', shared(), 'Presenting', undefined],
  [
    'under flexible nothing begins',
    shared({ ssl: 'flexible', cloudflare: { shared: OFF } }),
    'Held',
    undefined,
  ],
  ['it is switched on', shared({ cloudflare: { shared: OFF } }), 'Enabling', { do: 'SetShared', on: true }],
  [
    'what the plan does not let be changed is told',
    shared({ cloudflare: { shared: { ...OFF, editable: false } } }),
    'SettingNotEditable',
    undefined,
  ],
  [
    'for some minutes it spreads',
    shared({ cloudflare: { shared: { ...ON, modifiedOn: NOW - 4 * MINUTE } } }),
    'Propagating',
    undefined,
  ],
  [
    'what Cloudflare does not date counts from when it was seen',
    shared({ cloudflare: { shared: { ...ON, modifiedOn: undefined } }, ages: { sharedOn: 5 * MINUTE } }),
    'Presenting',
    undefined,
  ],
  [
    'its CA is published',
    shared({ publish: [{ ...target, state: 'stale' }] }),
    'Propagating',
    { do: 'Publish', objects: [{ ...target, state: 'stale' }], bundle: SHARED_PEM },
  ],
  [
    'a foreign certificate that is presented instead stops it',
    shared({ cloudflare: { enabled: true, certificates: [FOREIGN] } }),
    'ForeignClientCertificate',
    undefined,
  ],
  [
    'one that is not presented is none of our business',
    shared({ cloudflare: { certificates: [FOREIGN] } }),
    'Presenting',
    undefined,
  ],
  [
    "the zone's own stays until the shared CA has been published for some minutes",
    shared({
      store: store(),
      cloudflare: { enabled: true, certificates: [seen()] },
      ages: { published: 4 * MINUTE, disabled: 0 },
    }),
    'Rotating',
    undefined,
  ],
  [
    "the zone's own stays where it is demanded and nothing is published",
    shared({
      store: store(),
      cloudflare: { enabled: true, certificates: [seen()] },
      demand: { complete: true, why: undefined, required: [required], unknown: [] },
    }),
    'Held',
    undefined,
  ],
  [
    "then the zone's own is switched off",
    shared({
      store: store(),
      cloudflare: { enabled: true, certificates: [seen()] },
      publish: [{ ...target, state: 'current' }],
    }),
    'Rotating',
    { do: 'Enable', enabled: false },
  ],
  [
    'then it is given some minutes',
    shared({ store: store(), cloudflare: { certificates: [seen()] }, ages: { disabled: 4 * MINUTE } }),
    'Rotating',
    undefined,
  ],
  [
    'then it is deleted',
    shared({ store: store(), cloudflare: { certificates: [seen()] } }),
    'Rotating',
    { do: 'Delete', id: 'id of 00:LEAF1', failed: false },
  ],
];

describe.each([
  ['switching off', OFF_CASES],
  ['the shared certificate', SHARED_CASES],
])('%s', (_, cases) => {
  test.each(cases)('%s', (__, given, state, effect) => {
    const step = decide(given);
    expect({ state: step.state, effect: step.effect }).toEqual({ state, effect });
    expect(step.message).toMatch(/\.$/);
  });

  test.each(cases)('nothing is done under a hold: %s', (__, given) => {
    expect(decide({ ...given, hindrance: 'spec.mode is Observe' }).effect).toBeUndefined();
  });
});

test('who demands is named, with the annotation that is to go', () => {
  const many = Array.from({ length: 5 }, (_, index) => line({ hostname: `w${index}.example.com` }));
  const { message, stalled } = decide(
    off({ demand: { complete: true, why: undefined, required: many, unknown: [] } }),
  );
  expect(message).toContain('since w0.example.com at 192.0.2.1:443, w1');
  expect(message).toContain('and 2 more demand it');
  expect(message).toContain('Remove nginx.ingress.kubernetes.io/auth-tls-secret');
  expect(stalled).toBe(true);
});

describe('origins may demand the shared one', () => {
  test.each<[string, PullsWorld, boolean]>([
    ['when it has been presented for five minutes', shared(), true],
    ['not before', shared({ cloudflare: { shared: { ...ON, modifiedOn: NOW - 4 * MINUTE } } }), false],
    ['not under flexible', shared({ ssl: 'flexible' }), false],
    ["not while the zone's own is presented instead", shared({ cloudflare: { enabled: true } }), false],
    [
      "not while edges may still present the zone's own",
      shared({
        store: store({ ca: CA }),
        cloudflare: { certificates: [seen()] },
        ages: { disabled: MINUTE },
      }),
      false,
    ],
    [
      'not where it is published nowhere they look',
      shared({ publish: [{ ...target, state: 'stale', trusts: false }] }),
      false,
    ],
  ])('%s', (_, given, expected) => {
    expect(safeToDemand(given)).toBe(expected);
  });
});
