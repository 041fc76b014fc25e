import { expect, test } from 'vitest';
import { mayDemand, mustNotDemand } from '../../soak/doorkeepers.ts';
import { problemsOfPulls, type PullsSeen } from '../../soak/pulls-at-rest.ts';
import type { PullsWish } from '../../soak/site.ts';

const leaf = (fingerprint256: string, status: PullsSeen['atCloudflare'][number]['status'] = 'active') => ({
  fingerprint256,
  status,
});
const PRESENTING: PullsSeen = {
  state: 'Presenting',
  isEnabled: true,
  atCloudflare: [leaf('A')],
  kept: ['A'],
};
const OFF: PullsSeen = { state: 'Off', isEnabled: false, atCloudflare: [], kept: ['A'] };

test.each<[string, PullsWish['mode'], PullsSeen, readonly string[]]>([
  ['presented', 'Zone', PRESENTING, []],
  [
    'in rotation',
    'Zone',
    { ...PRESENTING, state: 'Rotating', atCloudflare: [leaf('A'), leaf('B')], kept: ['A', 'B'] },
    [],
  ],
  ['off', 'Off', OFF, []],
  ['off, with one that still leaves', 'Off', { ...OFF, atCloudflare: [leaf('A', 'pending_deletion')] }, []],
  ['new', 'Zone', { ...PRESENTING, state: undefined }, ['they are new']],
  [
    'stuck',
    'Zone',
    { ...PRESENTING, state: 'ForeignClientCertificate' },
    ['they are ForeignClientCertificate'],
  ],
  ['not presented', 'Zone', { ...PRESENTING, isEnabled: false }, ['Cloudflare presents nothing']],
  ['gone', 'Zone', { ...PRESENTING, atCloudflare: [] }, ['Cloudflare keeps 0 client certificates']],
  [
    'strange',
    'Zone',
    { ...PRESENTING, atCloudflare: [leaf('A'), leaf('B')] },
    ['Cloudflare keeps one that nobody knows'],
  ],
  [
    'twice there',
    'Zone',
    { ...PRESENTING, atCloudflare: [leaf('A'), leaf('A')] },
    ['Cloudflare keeps one twice'],
  ],
  ['still presented', 'Off', { ...OFF, isEnabled: true }, ['Cloudflare presents a client certificate']],
  ['left over', 'Off', { ...OFF, atCloudflare: [leaf('A')] }, ['Cloudflare keeps 1 client certificates']],
  ['not off yet', 'Off', { ...OFF, state: 'SwitchingOff' }, ['they are SwitchingOff']],
])('of client certificates that are %s under mode %s the soak tells what is wrong', (_, mode, seen, told) => {
  expect(problemsOfPulls(mode, seen)).toEqual(told);
});

/** A zone as its status tells of it. */
function told(safeToDemand: boolean, { generation = 2, reason = 'InSync', state = 'Presenting' } = {}) {
  const condition = {
    type: 'InSync',
    status: reason === 'InSync' ? 'True' : 'False',
    observedGeneration: generation,
    reason,
    message: '',
    lastTransitionTime: '',
  } as const;
  const status = { conditions: [condition], authenticatedOriginPulls: { state, safeToDemand } };
  return { metadata: { generation: 2 }, status };
}

test.each([
  ['says so of the present spec', told(true), true],
  ['said so of an earlier spec', told(true, { generation: 1 }), false],
  ['says that it may not', told(false), false],
])('origins demand a client certificate only where the status %s', (_, zone, may) => {
  expect(mayDemand(zone)).toBe(may);
});

test.each<[string, PullsWish['mode'], ReturnType<typeof told>, boolean]>([
  ['it waits for them before it is off', 'Off', told(false, { state: 'SwitchingOff' }), true],
  ['it is not off yet, and nobody waits', 'Off', told(true), false],
  ['the way back to TLS waits for them', 'Zone', told(false, { reason: 'GateClosed' }), true],
  ['another origin is what closes the gate', 'Zone', told(true, { reason: 'GateClosed' }), false],
  ['it may not be demanded any more, and nobody waits', 'Zone', told(false), false],
])('where %s, an origin that demands one goes on or not', (_, mode, zone, must) => {
  expect(mustNotDemand(zone, { mode })).toBe(must);
});
