import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Prober } from '../../../src/probe/prober.ts';
import { hasUsualKey, LONG_MS, REST_MS } from '../../../src/probe/strain.ts';
import type { Verdict } from '../../../src/probe/types.ts';
import { TestClock } from '../../support/test-clock.ts';
import { type Origin, tcpOrigin, tlsOrigin } from '../../support/tls-origin.ts';
import { dsaKey, garbageOf, oddCertificate, rsaKey, signedBy, spki } from './odd-certificates.ts';
import { authorities, HOST, knockOnce, leaf, prober, type Authorities } from './scene.ts';

let known: Authorities;

beforeAll(async () => {
  known = await authorities();
});

const EC = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const PUBLIC_KEY = spki(EC.publicKey);
const PRIVATE_KEY = String(EC.privateKey.export({ type: 'pkcs8', format: 'pem' }));

describe('the key of a certificate is', () => {
  const of = (publicKey: Buffer): X509Certificate =>
    new X509Certificate(
      oddCertificate({ subject: 'x', issuer: 'x', publicKey, signing: signedBy(EC.privateKey, 'ECDSA') }),
    );

  test.each<[string, () => Buffer]>([
    ['RSA of 2048 bits', () => rsaKey(2048)],
    ['RSA of 8192 bits', () => rsaKey(8192)],
    ['RSA-PSS', () => spki(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey)],
    ['ECDSA P-256', () => spki(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey)],
    ['ECDSA P-384', () => spki(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey)],
    ['ECDSA P-521', () => spki(generateKeyPairSync('ec', { namedCurve: 'P-521' }).publicKey)],
    ['Ed25519', () => spki(generateKeyPairSync('ed25519').publicKey)],
    ['Ed448', () => spki(generateKeyPairSync('ed448').publicKey)],
  ])('usual: %s', (_, key) => {
    expect(hasUsualKey(of(key()))).toBe(true);
  });

  test.each<[string, () => Buffer]>([
    ['RSA of 16,384 bits', () => rsaKey(16_384)],
    ['RSA of a million bits', () => rsaKey(2 ** 20)],
    ['RSA with an exponent as long as the key', () => rsaKey(2048, 2040)],
    ['DSA', () => dsaKey(9984)],
    ['one that signs nothing', () => spki(generateKeyPairSync('x25519').publicKey)],
    [
      'on a curve that no authority uses',
      () => spki(generateKeyPairSync('ec', { namedCurve: 'sect571r1' }).publicKey),
    ],
  ])('odd: %s', (_, key) => {
    expect(hasUsualKey(of(key()))).toBe(false);
  });
});

/** An origin whose leaf is signed by the first of these, each of which is signed by the next. */
function hostile(keys: readonly Buffer[], signing: ReturnType<typeof garbageOf>): Promise<Origin> {
  const upper = keys.map((publicKey, at) =>
    oddCertificate({ subject: `${at}`, issuer: `${at + 1}`, publicKey, signing, isCa: true }),
  );
  const own = oddCertificate({ subject: HOST, issuer: '0', publicKey: PUBLIC_KEY, signing });
  return presenting(own + upper.join(''));
}

function presenting(pem: string, tls: TlsOptions = {}, keyPem = PRIVATE_KEY): Promise<Origin> {
  return tlsOrigin({ pair: { pem, keyPem }, tls: { ciphers: 'ALL:@SECLEVEL=0', ...tls } });
}

const times = (count: number, make: () => Buffer): readonly Buffer[] => Array.from({ length: count }, make);

/** Looks that wait for a clock that stands still. */
class Looks {
  readonly clock = new TestClock();
  readonly by: Prober = prober({ clock: this.clock, connectTimeoutMs: 5_000 });

  at(origin: Origin): Promise<Verdict> {
    return knockOnce(origin.address, known.trust, { by: this.by });
  }
}

/** The next look at an origin, which waits until its rest is over while others are looked at. */
async function rested(looks: Looks, origin: Origin): Promise<Verdict> {
  const before = origin.connections;
  const again = looks.at(origin);
  await using other = await tlsOrigin({ pair: await leaf(known.originEcc, [HOST]) });
  for (const waitMs of [0, REST_MS - 1]) {
    await looks.clock.advance(waitMs);
    expect((await looks.at(other)).result).toBe('Valid');
    expect(origin.connections).toBe(before);
  }
  await looks.clock.advance(1);
  const verdict = await again;
  expect(origin.connections).toBeGreaterThan(before);
  return verdict;
}

describe('an origin that presents', () => {
  test.each<[string, () => Promise<Origin>]>([
    [
      'keys of DSA, as large as OpenSSL takes',
      () =>
        hostile(
          times(12, () => dsaKey(9984)),
          garbageOf('DSA', 0),
        ),
    ],
    ['one key of DSA', () => hostile([dsaKey(9984)], garbageOf('DSA', 0))],
    [
      'RSA keys with exponents as long as they are',
      () =>
        hostile(
          times(40, () => rsaKey(3072, 3064)),
          garbageOf('RSA', 3072),
        ),
    ],
    [
      'RSA keys of 16,384 bits',
      () =>
        hostile(
          times(12, () => rsaKey(16_384)),
          garbageOf('RSA', 16_384),
        ),
    ],
    [
      'more usual keys than any chain has',
      () =>
        hostile(
          times(20, () => rsaKey(2048)),
          garbageOf('RSA', 2048),
        ),
    ],
  ])('%s is Untrusted, and is left alone for a while', async (_, make) => {
    await using origin = await make();
    const looks = new Looks();
    expect(await looks.at(origin)).toMatchObject({ result: 'Untrusted', tls: true });
    const again = await rested(looks, origin);
    expect(again.result).toBe('Untrusted');
  });

  test('a chain like any other is looked at again at once', async () => {
    await using origin = await hostile(
      times(9, () => rsaKey(2048)),
      garbageOf('RSA', 2048),
    );
    const looks = new Looks();
    for (let count = 0; count < 2; count += 1) expect((await looks.at(origin)).result).toBe('Untrusted');
  });

  test('a chain that is signed by odd keys in earnest leads nowhere', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 });
    const dsa = signedBy(privateKey, 'DSA');
    const odd = spki(publicKey);
    const root = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const top = {
      subject: 'top',
      issuer: 'top',
      publicKey: spki(root.publicKey),
    };
    const byRoot = signedBy(root.privateKey, 'ECDSA');
    const rootPem = oddCertificate({ ...top, signing: byRoot, isCa: true });
    const middle = oddCertificate({
      subject: 'mid',
      issuer: 'top',
      publicKey: odd,
      signing: byRoot,
      isCa: true,
    });
    const own = oddCertificate({ subject: HOST, issuer: 'mid', publicKey: PUBLIC_KEY, signing: dsa });
    await using origin = await presenting(own + middle);
    const trust = { ...known.trust, custom: [new X509Certificate(rootPem)] };
    expect((await knockOnce(origin.address, trust)).result).toBe('Untrusted');
    const plain = oddCertificate({ subject: HOST, issuer: 'top', publicKey: PUBLIC_KEY, signing: byRoot });
    await using fine = await presenting(plain);
    expect((await knockOnce(fine.address, trust)).result).toBe('Valid');
  });

  test('a leaf of DSA gets no handshake', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 });
    const own = oddCertificate({
      subject: HOST,
      issuer: HOST,
      publicKey: spki(publicKey),
      signing: signedBy(privateKey, 'DSA'),
    });
    const key = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await using origin = await presenting(own, {}, key);
    expect((await knockOnce(origin.address, known.trust)).result).toBe('HandshakeFailed');
  });
});

describe('an origin that speaks nothing but Diffie-Hellman over numbers', () => {
  test.each<[string, TlsOptions]>([
    ['of its own, in TLS 1.2', { ciphers: 'DHE:@SECLEVEL=0', dhparam: 'auto', maxVersion: 'TLSv1.2' }],
    ['of a standard, in TLS 1.3', { ecdhCurve: 'ffdhe3072', minVersion: 'TLSv1.3' }],
  ])('%s gets no handshake, as from the edge', async (_, tls) => {
    const pair = await leaf(known.originEcc, [HOST], { algorithm: 'RSA' });
    await using origin = await tlsOrigin({ pair, tls });
    expect(await knockOnce(origin.address, known.trust)).toMatchObject({
      result: 'HandshakeFailed',
      presented: undefined,
    });
  });
});

describe('whoever ends the handshake before it can be told what was presented', () => {
  /** That long after the first bytes, by the clock that the prober has. */
  const endingAfter = (ms: number, { clock }: Looks, end: (socket: Socket) => void): Promise<Origin> =>
    tcpOrigin((socket) => {
      socket.once('data', () => void clock.advance(ms).then(() => end(socket)));
    });

  test('is left alone for a while too, where that took long', async () => {
    const looks = new Looks();
    await using origin = await endingAfter(LONG_MS, looks, (socket) => void socket.end('no TLS'));
    expect((await looks.at(origin)).result).toBe('HandshakeFailed');
    expect((await rested(looks, origin)).result).toBe('HandshakeFailed');
  });

  test.each<[string, (socket: Socket) => void]>([
    ['a reset', (socket) => void socket.resetAndDestroy()],
    ['plain HTTP', (socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ])('is looked at again at once after %s, which cost nothing: for the next name', async (_, end) => {
    const looks = new Looks();
    await using origin = await endingAfter(0, looks, end);
    for (let count = 0; count < 20; count += 1)
      expect((await looks.at(origin)).result).toBe('HandshakeFailed');
  });
});
