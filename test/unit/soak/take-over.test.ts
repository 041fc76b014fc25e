import type { X509Certificate } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import { ANNOTATION } from '../../../src/api/names.ts';
import type { Secret } from '../../../src/kube/object.ts';
import { encode } from '../../../src/secret-facts.ts';
import { fakeCertificate } from '../../demo/fake-certificate.ts';
import { OWN_MARKS } from '../../soak/marks.ts';
import { wrongsStranger } from '../../soak/take-over.ts';
import { originRoots, signedBy } from '../../support/signed.ts';

const NOTES = { [ANNOTATION.certificate]: 'slot-0', [ANNOTATION.adopted]: 'true' };

let roots: readonly X509Certificate[];
/** What a stranger's Secret may hold. */
let ours: Secret['data'];
let another: Secret['data'];

beforeAll(async () => {
  const made = await originRoots();
  roots = made.roots.certificates;
  const { certificate, privateKey } = await signedBy(made.ca);
  ours = { 'tls.crt': encode(certificate), 'tls.key': encode(privateKey) };
  const { cert, key } = await fakeCertificate();
  another = { 'tls.crt': encode(cert), 'tls.key': encode(key) };
});

function strangers(data: Secret['data'], { type = 'kubernetes.io/tls', notes = {} } = {}): Secret {
  const annotations = { ...OWN_MARKS.annotations, ...notes };
  return { type, metadata: { name: 'slot-0-tls-0', annotations }, data: data ?? {} };
}

const takenOver = (secret: Secret): Secret => strangers(ours, { type: secret.type ?? '', notes: NOTES });

const garbled = { 'tls.crt': encode('not a certificate'), 'tls.key': encode('nor a key') };

test.each<[what: string, previous: () => Secret, adopts: boolean, isWrong: boolean]>([
  ['a pair of ours is taken over where people ask for it', () => strangers(ours), true, false],
  ['and nowhere else', () => strangers(ours), false, true],
  ['a pair of another authority never is', () => strangers(another), true, true],
  ['one that is broken is', () => strangers(garbled), true, false],
  ['but not where nobody asks for it', () => strangers(garbled), false, true],
  ['a TLS Secret without a key is', () => strangers({ 'tls.crt': '' }), true, false],
  ['an Opaque one without a pair never is', () => strangers({}, { type: 'Opaque' }), true, true],
])('of what strangers left, %s', (_what, previous, adopts, isWrong) => {
  const change = { previous: previous(), current: takenOver(previous()) };
  expect(wrongsStranger(change, { adopts, roots })).toBe(isWrong);
});

test('what is a stranger’s may be written in no other way, and not be deleted', () => {
  const previous = strangers(ours);
  expect(wrongsStranger({ previous, current: strangers(another) }, { adopts: true, roots })).toBe(true);
  expect(wrongsStranger({ previous }, { adopts: true, roots })).toBe(true);
});

test('what was taken over is no stranger’s any more, even with all notes stripped but whose it is', () => {
  const previous = strangers(another, { notes: { [ANNOTATION.certificate]: 'slot-0' } });
  expect(wrongsStranger({ previous, current: takenOver(previous) }, { adopts: false, roots })).toBe(false);
});
