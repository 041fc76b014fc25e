import { expect, test } from 'vitest';
import { mayDemand } from '../../soak/doorkeepers.ts';
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

test.each([
  ['says so of the present spec', 2, true, true],
  ['said so of an earlier spec', 1, true, false],
  ['says that it may not', 2, false, false],
])('origins demand a client certificate only where the status %s', (_, observedGeneration, safe, may) => {
  const inSync = { type: 'InSync', status: 'True', observedGeneration } as const;
  const condition = { ...inSync, reason: 'InSync', message: '', lastTransitionTime: '' };
  const status = {
    conditions: [condition],
    authenticatedOriginPulls: { state: 'Presenting', safeToDemand: safe },
  };
  expect(mayDemand({ metadata: { generation: 2 }, status })).toBe(may);
});
