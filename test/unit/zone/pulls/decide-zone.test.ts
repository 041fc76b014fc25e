import { describe, expect, test } from 'vitest';
import { decide, safeToDemand } from '../../../../src/zone/pulls/decide.ts';
import type { PullEffect, PullState, PullsWorld } from '../../../../src/zone/pulls/world.ts';
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
  store,
  world,
} from './worlds.ts';

type Case = readonly [string, PullsWorld, PullState, PullEffect | undefined];

const OTHERS = seen({ fingerprint: 'OTHERS', notAfter: NOW + 60 * DAY, signer: 'CA1' }, { id: 'others' });
const FOREIGN = seen({ fingerprint: 'F', notAfter: NOW + 60 * DAY, signer: undefined }, { id: 'foreign' });
const GIVEN = { state: 'given', ca: NEXT_CA, place: 'Secret ca' } as const;
const required = line({ clientCertificate: 'required' });
const demanded = { complete: true, why: undefined, required: [required], unknown: [] };
const beside = { nextCa: NEXT_CA };
const ofNextCa = { ...NEXT_LEAF, signer: 'CA2' };
const young = { leaf: LEAF, presentingSince: undefined };
const target = {
  kind: 'Secret',
  namespace: 'web',
  name: 'ca',
  isDue: false,
  trusts: false,
  message: '',
} as const;

const makeNext = (signer: string): PullEffect => ({ do: 'MakeLeaf', slot: 'nextLeaf', signer });
const remove = (id: string, failed = false): PullEffect => ({ do: 'Delete', id, failed });

/** One sentence a check, in the order of the lists. */
const CASES: readonly Case[] = [
  ['at rest nothing is done', world(), 'Presenting', undefined],
  [
    'a Secret that is not ours is not touched',
    world({ store: { state: 'unusable', message: 'It is taken.' } }),
    'SecretNotManaged',
    undefined,
  ],
  [
    'a CA Secret that is missing holds everything',
    world({ wantedCa: { state: 'unusable', reason: 'CaSecretMissing', message: 'It is gone.' } }),
    'CaSecretMissing',
    undefined,
  ],
  [
    'under flexible nothing begins',
    world({ ssl: 'flexible', store: { state: 'absent' }, cloudflare: { enabled: false, certificates: [] } }),
    'Held',
    undefined,
  ],
  ['under flexible what has begun is only held', world({ ssl: 'flexible' }), 'Held', undefined],
  [
    'under flexible a leaf is renewed all the same, since the mode may come back',
    world({ ssl: 'flexible', store: store({ leaf: DUE_LEAF }) }),
    'Rotating',
    makeNext('CA1'),
  ],
  [
    'a certificate of nobody we know stops everything',
    world({ store: { state: 'absent' }, cloudflare: { certificates: [FOREIGN] } }),
    'ForeignClientCertificate',
    undefined,
  ],
  [
    'one that is being deleted does not',
    world({ cloudflare: { certificates: [seen(), { ...FOREIGN, status: 'pending_deletion' }] } }),
    'Presenting',
    undefined,
  ],
  [
    'first the CA is kept',
    world({ store: { state: 'absent' }, cloudflare: { enabled: false, certificates: [] } }),
    'Uploading',
    { do: 'CreateStore' },
  ],
  [
    'then a leaf is made',
    world({ store: store({ ...young, leaf: undefined }), cloudflare: { enabled: false, certificates: [] } }),
    'Uploading',
    { do: 'MakeLeaf', slot: 'leaf', signer: 'CA1' },
  ],
  [
    'then it is uploaded',
    world({ store: store(young), cloudflare: { enabled: false, certificates: [] } }),
    'Uploading',
    { do: 'Upload', slot: 'leaf' },
  ],
  [
    'an upload that may be out is not repeated',
    world({
      store: store({ ...young, postedAt: 'a moment ago' }),
      cloudflare: { enabled: false, certificates: [] },
      ages: { posted: MINUTE },
    }),
    'Uploading',
    undefined,
  ],
  [
    'an upload that would have arrived by now is repeated',
    world({
      store: store({ ...young, postedAt: 'long ago' }),
      cloudflare: { enabled: false, certificates: [] },
      ages: { posted: 2 * MINUTE },
    }),
    'Uploading',
    { do: 'Upload', slot: 'leaf' },
  ],
  [
    'an upload waits after a failed deployment',
    world({ store: store(young), cloudflare: { enabled: false, certificates: [] }, backoffMs: MINUTE }),
    'Uploading',
    undefined,
  ],
  [
    'while Cloudflare deploys there is nothing to do',
    world({
      store: store(young),
      cloudflare: { enabled: false, certificates: [seen(LEAF, { status: 'pending_deployment' })] },
    }),
    'Deploying',
    undefined,
  ],
  [
    'a status that nobody knows is waited for',
    world({
      store: store(young),
      cloudflare: { enabled: false, certificates: [seen(LEAF, { status: 'unknown' })] },
    }),
    'Deploying',
    undefined,
  ],
  [
    'a deployment that Cloudflare gave up is deleted',
    world({
      store: store(young),
      cloudflare: { enabled: false, certificates: [seen(LEAF, { status: 'deployment_timed_out' })] },
    }),
    'Deploying',
    remove('id of 00:LEAF1', true),
  ],
  [
    'a deletion that Cloudflare gave up is asked for again',
    world({
      cloudflare: { certificates: [seen(), seen(LEAF, { id: 'stuck', status: 'deletion_timed_out' })] },
    }),
    'Rotating',
    remove('stuck'),
  ],
  [
    'of one leaf under two ids the one that is not active goes',
    world({ cloudflare: { certificates: [seen(LEAF, { id: 'second', status: 'initializing' }), seen()] } }),
    'Rotating',
    remove('second'),
  ],
  [
    'an active one is switched on',
    world({ store: store(young), cloudflare: { enabled: false } }),
    'Enabling',
    { do: 'Enable', enabled: true },
  ],
  [
    'where the shared one is presented, all origins are looked at before',
    world({
      store: store(young),
      cloudflare: { enabled: false, shared: { on: true, editable: true, modifiedOn: NOW - DAY } },
      demand: { complete: false, why: undefined, required: [], unknown: [] },
    }),
    'Enabling',
    undefined,
  ],
  [
    'and those that demand it are asked',
    world({
      store: store(young),
      cloudflare: { enabled: false, shared: { on: true, editable: true, modifiedOn: NOW - DAY } },
      demand: demanded,
    }),
    'Enabling',
    { do: 'AskOrigins', ca: 'CA1', origins: [required] },
  ],
  ['what is presented is noted', world({ store: store(young) }), 'Propagating', { do: 'NotePresenting' }],
  [
    'what was noted of a time to come is noted again',
    world({ store: store({ presentingSince: NOW + 365 * DAY }) }),
    'Propagating',
    { do: 'NotePresenting' },
  ],
  [
    'the CA is published as soon as it is presented',
    world({ store: store(young), publish: [{ ...target, state: 'stale' }] }),
    'Propagating',
    { do: 'Publish', objects: [{ ...target, state: 'stale' }], bundle: CA.pem },
  ],
  [
    'for some minutes it spreads',
    world({ store: store({ presentingSince: NOW - 4 * MINUTE }) }),
    'Propagating',
    undefined,
  ],
  [
    'somebody switched it off: it is switched on',
    world({ cloudflare: { enabled: false } }),
    'Enabling',
    { do: 'Enable', enabled: true },
  ],
  [
    'somebody deleted it: it is uploaded again',
    world({ cloudflare: { certificates: [] } }),
    'Uploading',
    { do: 'Upload', slot: 'leaf' },
  ],
  [
    'a leaf near its end gets a successor',
    world({ store: store({ leaf: DUE_LEAF }) }),
    'Rotating',
    makeNext('CA1'),
  ],
  [
    'which is uploaded',
    world({ store: store({ nextLeaf: NEXT_LEAF }) }),
    'Rotating',
    { do: 'Upload', slot: 'nextLeaf' },
  ],
  [
    'which is waited for',
    world({
      store: store({ nextLeaf: NEXT_LEAF }),
      cloudflare: { certificates: [seen(), seen(NEXT_LEAF, { status: 'initializing' })] },
    }),
    'Rotating',
    undefined,
  ],
  [
    'which spreads while the old one stays',
    world({
      store: store({ nextLeaf: NEXT_LEAF }),
      cloudflare: { certificates: [seen(), seen(NEXT_LEAF)] },
      ages: { nextActive: 4 * MINUTE },
    }),
    'Rotating',
    undefined,
  ],
  [
    'then the old one is deleted',
    world({
      store: store({ nextLeaf: NEXT_LEAF }),
      cloudflare: { certificates: [seen(), seen(NEXT_LEAF)] },
      ages: { nextActive: 5 * MINUTE },
    }),
    'Rotating',
    remove('id of 00:LEAF1'),
  ],
  [
    'its deletion is waited for',
    world({
      store: store({ nextLeaf: NEXT_LEAF }),
      cloudflare: { certificates: [seen(LEAF, { status: 'pending_deletion' }), seen(NEXT_LEAF)] },
    }),
    'Rotating',
    undefined,
  ],
  [
    'then the next one is the one',
    world({ store: store({ nextLeaf: NEXT_LEAF }), cloudflare: { certificates: [seen(NEXT_LEAF)] } }),
    'Rotating',
    { do: 'PromoteLeaf' },
  ],
  [
    "another cluster's leaf that lasts is enough: none is made",
    world({ store: store({ leaf: undefined }), cloudflare: { certificates: [OTHERS] } }),
    'Presenting',
    undefined,
  ],
  [
    "another cluster's leaf that lasts is enough: ours is not uploaded",
    world({ cloudflare: { certificates: [OTHERS] } }),
    'Presenting',
    undefined,
  ],
  [
    "another cluster's leaf near its end is not enough",
    world({ cloudflare: { certificates: [{ ...OTHERS, notAfter: NOW + 20 * DAY }] } }),
    'Uploading',
    { do: 'Upload', slot: 'leaf' },
  ],
  [
    "ours near its end goes, where another cluster's lasts",
    world({ store: store({ leaf: DUE_LEAF }), cloudflare: { certificates: [seen(DUE_LEAF), OTHERS] } }),
    'Rotating',
    remove('id of 00:LEAF1'),
  ],
  [
    "another cluster's leaf is never deleted",
    world({ cloudflare: { certificates: [seen(), { ...OTHERS, status: 'deployment_timed_out' }] } }),
    'Presenting',
    undefined,
  ],
  [
    'a CA in its last tenth gets a successor',
    world({ store: store({ ca: { ...CA, notAfter: NOW + 8 * DAY } }) }),
    'Rotating',
    { do: 'AddCa' },
  ],
  [
    'a CA that is given anew is put beside the old one',
    world({ wantedCa: GIVEN }),
    'Rotating',
    { do: 'AddCa' },
  ],
  [
    'a CA that cannot sign any more gets a successor',
    world({ store: store({ ca: { ...CA, canSign: false } }) }),
    'Rotating',
    { do: 'AddCa' },
  ],
  [
    'a next CA that is wanted no more is dropped',
    world({ store: store(beside), wantedCa: { state: 'given', ca: CA, place: 'Secret ca' } }),
    'Rotating',
    { do: 'DropNextCa' },
  ],
  [
    'a next CA is replaced by the one that is wanted',
    world({
      store: store(beside),
      wantedCa: { state: 'given', ca: { ...CA, fingerprint: 'CA3' }, place: 'Secret ca' },
    }),
    'Rotating',
    { do: 'AddCa' },
  ],
  [
    'a next CA whose leaf is out is not dropped',
    world({
      store: store({ ...beside, nextLeaf: ofNextCa }),
      wantedCa: { state: 'given', ca: CA, place: 'Secret ca' },
      cloudflare: { certificates: [seen(), seen(ofNextCa, { status: 'initializing' })] },
    }),
    'Rotating',
    undefined,
  ],
  [
    'a CA that never presented anything is replaced at once',
    world({
      store: store({ ...beside, ...young, leaf: undefined }),
      cloudflare: { enabled: false, certificates: [] },
    }),
    'Rotating',
    { do: 'PromoteCa' },
  ],
  [
    'a new CA waits until all origins were looked at',
    world({ store: store(beside), demand: { complete: false, why: undefined, required: [], unknown: [] } }),
    'Rotating',
    undefined,
  ],
  [
    'a new CA waits while an origin cannot be told of',
    world({
      store: store(beside),
      demand: { complete: true, why: undefined, required: [], unknown: [line()] },
    }),
    'NewCaNotAccepted',
    undefined,
  ],
  [
    'a new CA waits while it cannot be published',
    world({ store: store(beside), publish: [{ ...target, state: 'refused', message: 'It may not.' }] }),
    'NewCaNotAccepted',
    undefined,
  ],
  [
    'a new CA that nobody demands waits for some minutes',
    world({ store: store(beside), ages: { published: 4 * MINUTE } }),
    'Rotating',
    undefined,
  ],
  ['then a leaf of it is made', world({ store: store(beside) }), 'Rotating', makeNext('CA2')],
  [
    'origins that demand are asked with the new CA',
    world({ store: store(beside), demand: demanded }),
    'Rotating',
    { do: 'AskOrigins', ca: 'CA2', origins: [required] },
  ],
  [
    'their answer is waited for',
    world({ store: store(beside), demand: demanded, acceptance: { state: 'asking' } }),
    'Rotating',
    undefined,
  ],
  [
    'one that refuses holds the new CA',
    world({
      store: store(beside),
      demand: demanded,
      acceptance: { state: 'refused', by: ['www'], isDue: false },
    }),
    'NewCaNotAccepted',
    undefined,
  ],
  [
    'it is asked again while what it said stands',
    world({
      store: store(beside),
      demand: demanded,
      acceptance: { state: 'refused', by: ['www'], isDue: true },
    }),
    'NewCaNotAccepted',
    { do: 'AskOrigins', ca: 'CA2', origins: [required] },
  ],
  [
    'the old CA signs while the new one is held',
    world({
      store: store({ ...beside, leaf: DUE_LEAF }),
      demand: demanded,
      acceptance: { state: 'refused', by: ['www'], isDue: false },
    }),
    'Rotating',
    makeNext('CA1'),
  ],
  [
    'when all accept, a leaf of the new CA is made',
    world({ store: store(beside), demand: demanded, acceptance: { state: 'accepted' } }),
    'Rotating',
    makeNext('CA2'),
  ],
  [
    'the old CA stays while a certificate of it is at Cloudflare',
    world({
      store: store({ ...beside, leaf: ofNextCa }),
      cloudflare: { certificates: [seen(ofNextCa), OTHERS] },
    }),
    'Rotating',
    undefined,
  ],
  [
    'and some minutes longer',
    world({
      store: store({ ...beside, leaf: ofNextCa }),
      cloudflare: { certificates: [seen(ofNextCa)] },
      ages: { oldGone: 4 * MINUTE },
    }),
    'Rotating',
    undefined,
  ],
  [
    'then the new CA is the CA',
    world({
      store: store({ ...beside, leaf: ofNextCa }),
      cloudflare: { certificates: [seen(ofNextCa)] },
      ages: { oldGone: 5 * MINUTE },
    }),
    'Rotating',
    { do: 'PromoteCa' },
  ],
  [
    'where another cluster presents the new CA, our leaf of the old one goes',
    world({ store: store(beside), cloudflare: { certificates: [seen(), { ...OTHERS, signer: 'CA2' }] } }),
    'Rotating',
    remove('id of 00:LEAF1'),
  ],
];

describe("a zone's own client certificate", () => {
  test.each(CASES)('%s', (_, given, state, effect) => {
    const step = decide(given);
    expect({ state: step.state, effect: step.effect }).toEqual({ state, effect });
    expect(step.message).toMatch(/\.$/);
  });

  test.each(CASES)('nothing is done under a hold: %s', (_, given, state, effect) => {
    const step = decide({ ...given, hindrance: 'spec.mode is Observe' });
    expect(step.effect).toBeUndefined();
    expect(step.state).toBe(effect === undefined ? state : 'Held');
  });

  test('the message of a foreign certificate names it, its issuer, its end and what to do', () => {
    const { message, stalled } = decide(world({ cloudflare: { certificates: [seen(), FOREIGN] } }));
    expect(stalled).toBe(true);
    expect(message).toContain('client certificate foreign, issued by CN=somebody, ends 2027-01-20T12:00:00Z');
    expect(message).toContain('same authenticatedOriginPulls.caSecretRef');
    expect(message).toContain('restore Secret example.com-origin-pull');
  });
});

describe('origins may demand it', () => {
  const published = { ...target, state: 'current', trusts: true } as const;
  const safe: readonly (readonly [string, PullsWorld, boolean])[] = [
    [
      'when it has been presented for five minutes',
      world({ store: store({ presentingSince: NOW - 5 * MINUTE }) }),
      true,
    ],
    ['not before', world({ store: store({ presentingSince: NOW - 5 * MINUTE + 1 }) }), false],
    ['not while nothing was noted', world({ store: store(young) }), false],
    ['not under flexible', world({ ssl: 'flexible' }), false],
    ['not while the mode is unknown', world({ ssl: undefined }), false],
    ['not once it is switched off by somebody', world({ cloudflare: { enabled: false } }), false],
    ['not once it is deleted by somebody', world({ cloudflare: { certificates: [] } }), false],
    [
      'not beside a foreign one, which may be the one presented',
      world({ cloudflare: { certificates: [seen(), FOREIGN] } }),
      false,
    ],
    [
      'not with one that has ended',
      world({ cloudflare: { certificates: [seen({ ...LEAF, notAfter: NOW })] } }),
      false,
    ],
    ['where the CA is published', world({ publish: [published] }), true],
    [
      'where another CA is to be published beside it',
      world({ publish: [{ ...published, state: 'stale' }] }),
      true,
    ],
    ['not where one object lacks it', world({ publish: [published, { ...target, state: 'stale' }] }), false],
    [
      'all through the rotation of a leaf',
      world({
        store: store({ nextLeaf: NEXT_LEAF }),
        cloudflare: { certificates: [seen(), seen(NEXT_LEAF)] },
      }),
      true,
    ],
    [
      'all through the rotation of a CA',
      world({ store: store({ ...beside, leaf: ofNextCa }), cloudflare: { certificates: [seen(ofNextCa)] } }),
      true,
    ],
    [
      "with another cluster's certificate",
      world({ store: store({ leaf: undefined }), cloudflare: { certificates: [OTHERS] } }),
      true,
    ],
    ['also while it is held', world({ hindrance: 'spec.mode is Observe' }), true],
    ['not once the mode is Off', world({ mode: 'Off' }), false],
  ];
  test.each(safe)('%s', (_, given, expected) => {
    expect(safeToDemand(given)).toBe(expected);
  });
});
