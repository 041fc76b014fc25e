import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { connect, createServer } from 'node:tls';
import { once } from 'node:events';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  createAuthority,
  issueClientCertificate,
  type PemPair,
  readAuthority,
  type SigningAuthority,
} from '../../../src/pki/authority.ts';
import { keySpecOf, privateKeyDigest, publicKeyDigest } from '../../../src/pki/keys.ts';
import { originRoots, signedBy } from '../../support/signed.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const DAY = 86_400_000;
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

let ca: PemPair;
let authority: SigningAuthority;

function authorityOf({ certificate, privateKey }: PemPair): SigningAuthority {
  const read = readAuthority(certificate, privateKey);
  if ('problem' in read) throw new Error(read.problem);
  return read;
}

beforeAll(async () => {
  ca = await createAuthority('example.com', NOW);
  authority = authorityOf(ca);
});

describe('the CA', () => {
  test('signs itself, ends in ten years and is valid where the clock is an hour slow', () => {
    const { certificate } = authority;
    expect(certificate.ca).toBe(true);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.validFromDate.getTime()).toBe(NOW - 3_600_000);
    expect(certificate.validToDate.getTime()).toBe(NOW - 3_600_000 + 3652 * DAY);
    expect(keySpecOf(certificate.publicKey)).toEqual({ algorithm: 'RSA', size: 3072 });
  });

  test('bears a name that no other has, since servers look CAs up by name', async () => {
    const other = authorityOf(await createAuthority('example.com', NOW));
    expect(other.certificate.subject).not.toBe(authority.certificate.subject);
    expect(authority.certificate.subject).toMatch(/^CN=Origin Pull CA [0-9a-f]{8} example\.com$/);
  });

  test('of a zone with a long name has a common name that OpenSSL takes', async () => {
    const { certificate } = authorityOf(await createAuthority(`${'a'.repeat(60)}.example.com`, NOW));
    expect(certificate.subject.length).toBe('CN='.length + 64);
  });
});

describe('the client certificate', () => {
  test('is for clients alone, signed by the CA, for 90 days, with a key of its own', async () => {
    const leaf = await issueClientCertificate(authority, 'example.com', NOW);
    const certificate = new X509Certificate(leaf.certificate);
    expect(certificate.ca).toBe(false);
    expect(certificate.keyUsage).toEqual([CLIENT_AUTH]);
    expect(certificate.checkIssued(authority.certificate)).toBe(true);
    expect(certificate.verify(authority.certificate.publicKey)).toBe(true);
    expect(certificate.validToDate.getTime() - certificate.validFromDate.getTime()).toBe(90 * DAY);
    expect(privateKeyDigest(leaf.privateKey)).toBe(publicKeyDigest(certificate.publicKey));
    expect(keySpecOf(createPrivateKey(leaf.privateKey))).toEqual({ algorithm: 'RSA', size: 2048 });
  });

  test('ends with its CA where that ends sooner', async () => {
    const soon = authority.certificate.validToDate.getTime() - 5 * DAY;
    const leaf = await issueClientCertificate(authority, 'example.com', soon);
    expect(new X509Certificate(leaf.certificate).validToDate).toEqual(authority.certificate.validToDate);
  });

  test('never bears the serial number of another', async () => {
    const leaves = await Promise.all(
      Array.from({ length: 5 }, () => issueClientCertificate(authority, 'example.com', NOW)),
    );
    const serials = leaves.map(({ certificate }) => new X509Certificate(certificate).serialNumber);
    expect(new Set(serials).size).toBe(5);
  });

  test.each(['P-256', 'P-384', 'P-521'])(
    'is signed by a given CA with a key of %s too',
    async (namedCurve) => {
      const given = authorityOf(await ecdsaAuthority(namedCurve));
      const leaf = await issueClientCertificate(given, 'example.com', NOW);
      expect(new X509Certificate(leaf.certificate).verify(given.certificate.publicKey)).toBe(true);
    },
  );

  test('is accepted by a TLS server that demands one of this CA', async () => {
    const leaf = await issueClientCertificate(authority, 'example.com', Date.now());
    const server = await signedBy((await originRoots()).ca);
    const listener = createServer(
      {
        cert: server.certificate,
        key: server.privateKey,
        ca: ca.certificate,
        requestCert: true,
        rejectUnauthorized: true,
      },
      (socket) => void socket.end('welcome'),
    );
    listener.on('tlsClientError', () => undefined);
    await once(listener.listen(0, '127.0.0.1'), 'listening');
    const address = listener.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    try {
      const pair = { cert: leaf.certificate, key: leaf.privateKey };
      expect(await said(port, pair)).toBe('welcome');
      expect(await said(port, {})).toMatch(/certificate required|ECONNRESET/i);
    } finally {
      listener.close();
    }
  });
});

describe('a CA that is given', () => {
  const words: readonly (readonly [
    string,
    () => Promise<readonly [string | undefined, string | undefined]>,
    string,
  ])[] = [
    ['without a key', async () => [ca.certificate, undefined], 'lacks tls.crt or tls.key'],
    [
      'that is no certificate',
      async () => ['garbage', ca.privateKey],
      'has no certificate in PEM under tls.crt',
    ],
    [
      'with a key that is none',
      async () => [ca.certificate, 'garbage'],
      'has no private key in PEM under tls.key',
    ],
    [
      'with the key of another',
      async () => [ca.certificate, (await createAuthority('other', NOW)).privateKey],
      'has a tls.key that is not the key of tls.crt',
    ],
    [
      'that is a leaf',
      async () => {
        const leaf = await issueClientCertificate(authority, 'example.com', NOW);
        return [leaf.certificate, leaf.privateKey];
      },
      'has a certificate under tls.crt that is no CA',
    ],
  ];

  test.each(words)('%s is refused with words', async (_, pair, problem) => {
    expect(readAuthority(...(await pair()))).toEqual({ problem });
  });

  test('is refused where it is an intermediate one: origins look one step up', async () => {
    const { certificate, privateKey } = await intermediate(authority);
    expect(readAuthority(certificate, privateKey)).toEqual({
      problem: 'has an intermediate CA under tls.crt; origins need a self-signed one',
    });
  });

  test('is read from the key forms that other tools write', () => {
    for (const type of ['pkcs1', 'pkcs8'] as const) {
      const privateKey = createPrivateKey(ca.privateKey).export({ type, format: 'pem' }).toString();
      expect(readAuthority(ca.certificate, privateKey)).not.toHaveProperty('problem');
    }
  });
});

async function said(port: number, pair: { cert?: string; key?: string }): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...pair });
  return new Promise((resolve) => {
    socket.on('data', (data) => resolve(data.toString()));
    socket.on('error', (error) => resolve(error.message));
  });
}

async function ecdsaAuthority(namedCurve: string): Promise<PemPair> {
  const x509 = await import('@peculiar/x509');
  const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve }, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=Given CA',
    notBefore: new Date(NOW),
    notAfter: new Date(NOW + 365 * DAY),
    keys,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey));
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return {
    certificate: certificate.toString('pem'),
    privateKey: key.export({ type: 'sec1', format: 'pem' }).toString(),
  };
}

async function intermediate(parent: SigningAuthority): Promise<PemPair> {
  const x509 = await import('@peculiar/x509');
  const signing = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const der = parent.privateKey.export({ type: 'pkcs8', format: 'der' });
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const certificate = await x509.X509CertificateGenerator.create({
    subject: 'CN=Intermediate CA',
    issuer: new x509.X509Certificate(parent.certificate.raw).subjectName,
    notBefore: new Date(NOW),
    notAfter: new Date(NOW + 365 * DAY),
    publicKey: await crypto.subtle.importKey('spki', spki, { name: 'ECDSA', namedCurve: 'P-256' }, true, [
      'verify',
    ]),
    signingKey: await crypto.subtle.importKey('pkcs8', der, signing, false, ['sign']),
    signingAlgorithm: signing,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  return {
    certificate: certificate.toString('pem'),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}
