import { generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { rfc3339 } from '../../../src/api/conditions.ts';
import { clientCertificateOf } from '../../../src/cloudflare/zone-results.ts';
import { certificateOf } from '../../../src/cloudflare/results.ts';
import { createAuthority, type PemPair, readAuthority } from '../../../src/pki/authority.ts';
import { inspectPair, type PairFacts } from '../../../src/pki/inspect.ts';
import { privateKeyDigest } from '../../../src/pki/keys.ts';
import { readPrivateKey } from '../../../src/pki/private-key.ts';
import type { OriginCa } from '../../simulator/ca/authority.ts';
import { bitString, element, integer, oid, pem, sequence, TAG } from '../../simulator/ca/der.ts';
import { signLeaf } from '../../simulator/ca/leaf.ts';
import { anyText, fuzz, mutated } from '../../support/fuzz.ts';
import { inTime } from '../../support/in-time.ts';
import { originRoots, signedBy } from '../../support/signed.ts';

const MIB = 2 ** 20;
const KEYS = new URL('../../../src/pki/keys.ts', import.meta.url);
const INSPECT = new URL('../../../src/pki/inspect.ts', import.meta.url);

let ca: OriginCa;
let roots: readonly X509Certificate[];
let pair: PemPair;
let authority: PemPair;

beforeAll(async () => {
  const made = await originRoots();
  ca = made.ca;
  roots = made.roots.certificates;
  pair = await signedBy(ca);
  authority = await createAuthority('example.com', Date.now());
});

/** What nothing could be said of: every one of the facts comes to stand in a status. */
function faultsOf(facts: PairFacts): string[] {
  const states = ['MissingData', 'InvalidCertificate', 'InvalidKeyPair', 'Matching'];
  const certificate = 'certificate' in facts ? facts.certificate : undefined;
  if (!states.includes(facts.state)) return ['state'];
  if (certificate === undefined) return [];
  const { id, publicKeyDigest: digest, notBefore, notAfter } = certificate;
  return [
    ...([notBefore, notAfter].every((ms) => rfc3339(ms).endsWith('Z')) ? [] : ['dates']),
    ...(/^\d+$/.test(id) ? [] : ['id']),
    ...(/^[0-9a-f]{64}$/.test(digest) ? [] : ['digest']),
  ];
}

describe('a certificate with bytes changed', () => {
  test('is judged, whatever has become of it', () => {
    const der = new X509Certificate(pair.certificate).raw;
    fc.assert(
      fc.property(mutated(der), (bytes) => {
        const text = pem('CERTIFICATE', bytes);
        expect(faultsOf(inspectPair(text, pair.privateKey, roots))).toEqual([]);
        expect(certificateOf({ id: '7', certificate: text })).toMatchObject({ id: '7' });
        expect(clientCertificateOf({ id: 'x', certificate: text })).toMatchObject({ id: 'x' });
      }),
      fuzz(200),
    );
  });

  test('is a CA, or it is said what is wrong with it', () => {
    const der = new X509Certificate(authority.certificate).raw;
    fc.assert(
      fc.property(mutated(der), (bytes) => {
        const read = readAuthority(pem('CERTIFICATE', bytes), authority.privateKey);
        expect('problem' in read ? read.problem : read.certificate.ca).toBeTruthy();
      }),
      fuzz(400),
    );
  });
});

describe('any text', () => {
  test('in the place of certificate and key is judged', () => {
    const words = fc.constantFrom(
      '-----BEGIN CERTIFICATE-----',
      '-----END CERTIFICATE-----',
      '-----BEGIN PRIVATE KEY-----',
      '-----END PRIVATE KEY-----',
      '-----BEGIN ENCRYPTED PRIVATE KEY-----',
      '\n',
      'MIIB',
    );
    const text = fc.array(fc.oneof(words, anyText), { maxLength: 8 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, text, (certificate, key) => {
        expect(faultsOf(inspectPair(certificate, key, roots))).toEqual([]);
        expect(faultsOf(inspectPair(pair.certificate + certificate, pair.privateKey + key, roots))).toEqual(
          [],
        );
      }),
      fuzz(200),
    );
  });

  test('of a private key with bytes changed is a key or none', () => {
    const der = Buffer.from(pair.privateKey.replace(/-----[^-]+-----/g, ''), 'base64');
    fc.assert(
      fc.property(mutated(der), (bytes) => {
        expect(privateKeyDigest(pem('PRIVATE KEY', bytes)) ?? '').toMatch(/^([0-9a-f]{64})?$/);
      }),
      fuzz(400),
    );
  });
});

describe('a private key', () => {
  test.each([
    ['RSA in PKCS#8', 'rsa', 'pkcs8'],
    ['RSA in PKCS#1', 'rsa', 'pkcs1'],
    ['EC in PKCS#8', 'ec', 'pkcs8'],
    ['EC in SEC 1', 'ec', 'sec1'],
  ] as const)('of %s is read, also behind other blocks', (_, kind, type) => {
    const { privateKey } =
      kind === 'rsa'
        ? generateKeyPairSync('rsa', { modulusLength: 2048 })
        : generateKeyPairSync('ec', { namedCurve: 'P-384' });
    const text = String(privateKey.export({ type: type as 'pkcs8', format: 'pem' }));
    const parameters = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n';
    expect(readPrivateKey(parameters + text)?.equals(privateKey)).toBe(true);
  });

  test.each(['ed25519', 'ed448'] as const)('of %s is read: others serve it', (kind) => {
    const { privateKey } = generateKeyPairSync(kind as 'ed25519');
    expect(readPrivateKey(String(privateKey.export({ type: 'pkcs8', format: 'pem' })))).toBeDefined();
  });

  test('that is encrypted, or none, is none', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const secret = { cipher: 'aes-128-cbc', passphrase: 'x' };
    for (const type of ['pkcs8', 'sec1'] as const)
      expect(readPrivateKey(String(privateKey.export({ type, format: 'pem', ...secret })))).toBeUndefined();
    expect(readPrivateKey(pem('PRIVATE KEY', Buffer.from('3003020100', 'hex')))).toBeUndefined();
  });
});

/** An odd number of so many bits. */
function odd(bits: number): Buffer {
  const bytes = randomBytes(bits / 8);
  bytes[0] = 0x7f;
  bytes[bytes.length - 1] = 1;
  return bytes;
}

function pkcs8(algorithm: Buffer, key: Buffer): string {
  return pem('PRIVATE KEY', sequence(integer(Buffer.from([0])), algorithm, element(TAG.octetString, key)));
}

describe('what whoever may write a Secret can put there', () => {
  const two = integer(Buffer.from([2]));

  test.each([
    ['DSA', '1.2.840.10040.4.1', 65_536],
    ['DH', '1.2.840.113549.1.3.1', 9984],
  ])('is no key of %s: its public half would be reckoned for minutes', async (_, algorithm, bits) => {
    const number = integer(odd(bits));
    const parameters = algorithm.startsWith('1.2.840.10040')
      ? sequence(number, number, two)
      : sequence(number, two);
    const text = pkcs8(sequence(oid(algorithm), parameters), integer(odd(bits)));
    expect(await inTime(KEYS, 'privateKeyDigest', text)).toBeNull();
    // One that OpenSSL would read without a word, so that it is for its kind that it is not read.
    const small = integer(odd(1024));
    const harmless = sequence(oid('1.2.840.113549.1.3.1'), sequence(small, two));
    expect(privateKeyDigest(pkcs8(harmless, integer(odd(512))))).toBeUndefined();
  });

  test('is a certificate whose key has a million bits', async () => {
    const { algorithm, privateKey } = { algorithm: 'ecc' as const, privateKey: ca.ecc.privateKey };
    const number = integer(odd(MIB));
    const publicKey = sequence(
      sequence(oid('1.2.840.113549.1.1.1'), element(TAG.null)),
      bitString(sequence(number, number)),
    );
    const certificate = signLeaf(
      {
        publicKey,
        hostnames: ['example.com'],
        notBefore: Date.now(),
        notAfter: Date.now() + 1e9,
        serial: Buffer.from([1]),
      },
      {
        algorithm,
        privateKey,
        subject: sequence(
          element(TAG.set, sequence(oid('2.5.4.3'), element(TAG.utf8String, Buffer.from('x')))),
        ),
        keyIdentifier: Buffer.alloc(20),
      },
    );
    const facts = await inTime(INSPECT, 'inspectPair', certificate, pair.privateKey, []);
    expect(facts).toMatchObject({ state: 'InvalidKeyPair', certificate: { algorithm: 'rsa', size: 0 } });
  });

  test.each([
    [
      'a chain of a megabyte',
      () => [pair.certificate.repeat(MIB / pair.certificate.length), pair.privateKey],
      'Matching',
    ],
    [
      'beginnings without an end',
      () => ['-----BEGIN CERTIFICATE-----\n'.repeat(MIB / 28), pair.privateKey],
      'InvalidCertificate',
    ],
    [
      'a beginning and a long text',
      () => [`-----BEGIN CERTIFICATE-----${'A'.repeat(MIB)}`, pair.privateKey],
      'InvalidCertificate',
    ],
    ['dashes', () => ['-'.repeat(MIB), pair.privateKey], 'InvalidCertificate'],
    [
      'keys without an end',
      () => [pair.certificate, '-----BEGIN PRIVATE KEY-----\n'.repeat(MIB / 28)],
      'InvalidKeyPair',
    ],
    [
      'a key of a megabyte',
      () => [pair.certificate, pem('PRIVATE KEY', Buffer.alloc(MIB, 0x30))],
      'InvalidKeyPair',
    ],
  ])('is %s', async (_, make, state) => {
    expect(await inTime(INSPECT, 'inspectPair', ...make(), [])).toMatchObject({ state });
  });

  test('is a certificate for thirty thousand names', async () => {
    const hostnames = Array.from({ length: 30_000 }, (_, i) => `a${i}.example.com`);
    const { certificate, privateKey } = await signedBy(ca, { hostnames });
    const facts = await inTime(INSPECT, 'inspectPair', certificate, privateKey, []);
    expect(facts).toMatchObject({ state: 'Matching', certificate: { hostnames: { length: 30_000 } } });
  });
});
