// @peculiar/x509 throws at import without this polyfill before it.
import 'reflect-metadata';
import { createPrivateKey, type webcrypto } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** A certificate and its private key, PEM. */
export interface Pair {
  readonly certificate: string;
  readonly key: string;
}

/** To whom a client certificate belongs: the API server reads user and groups from its subject. */
export interface Identity {
  readonly user: string;
  readonly groups: readonly string[];
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
/** Longer than any test run, so that nothing here needs renewal. */
const LIFETIME_MS = 30 * 24 * 3600 * 1000;
/** Certificates begin in the past, since a reader's clock may be behind ours. */
const BACKDATE_MS = 3600 * 1000;

/**
 * A certificate authority for one control plane, kept as `ca.crt` and `ca.key` in its directory so that a test
 * process can make client certificates too.
 */
export class ThrowawayCa {
  readonly #certificate: X509Certificate;
  readonly #key: webcrypto.CryptoKey;

  static async create(dir: string): Promise<ThrowawayCa> {
    const keys = await generateKeys();
    const certificate = await X509CertificateGenerator.createSelfSigned({
      name: 'CN=control-plane-ca',
      keys,
      ...validity(),
      signingAlgorithm: ALGORITHM,
      extensions: [
        new BasicConstraintsExtension(true, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      ],
    });
    await writeFile(join(dir, 'ca.crt'), pem(certificate));
    await writeFile(join(dir, 'ca.key'), await keyPem(keys.privateKey), { mode: 0o600 });
    return new ThrowawayCa(certificate, keys.privateKey);
  }

  static async load(dir: string): Promise<ThrowawayCa> {
    const certificate = new X509Certificate(await readFile(join(dir, 'ca.crt'), 'utf8'));
    const key = createPrivateKey(await readFile(join(dir, 'ca.key'), 'utf8'));
    return new ThrowawayCa(certificate, key.toCryptoKey(ALGORITHM, false, ['sign']));
  }

  private constructor(certificate: X509Certificate, key: webcrypto.CryptoKey) {
    this.#certificate = certificate;
    this.#key = key;
  }

  /** The authority's own certificate, PEM. */
  get certificate(): string {
    return pem(this.#certificate);
  }

  async serverPair(commonName: string, names: SubjectNames): Promise<Pair> {
    return this.#issue([{ CN: [commonName] }], ExtendedKeyUsage.serverAuth, [
      new SubjectAlternativeNameExtension(names),
    ]);
  }

  async clientPair({ user, groups }: Identity): Promise<Pair> {
    const subject = [...groups.map((group) => ({ O: [group] })), { CN: [user] }];
    return this.#issue(subject, ExtendedKeyUsage.clientAuth, []);
  }

  async #issue(
    subject: Record<string, string[]>[],
    usage: ExtendedKeyUsage,
    extensions: SubjectAlternativeNameExtension[],
  ): Promise<Pair> {
    const keys = await generateKeys();
    const certificate = await X509CertificateGenerator.create({
      subject,
      issuer: this.#certificate.subject,
      publicKey: keys.publicKey,
      signingKey: this.#key,
      ...validity(),
      signingAlgorithm: ALGORITHM,
      extensions: [
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([usage]),
        ...extensions,
      ],
    });
    return { certificate: pem(certificate), key: await keyPem(keys.privateKey) };
  }
}

/** Names that a server certificate is valid for. */
export type SubjectNames = { readonly type: 'dns' | 'ip'; readonly value: string }[];

/** A key pair for signing and checking service account tokens, PEM. */
export async function serviceAccountKeys(): Promise<{
  readonly publicKey: string;
  readonly privateKey: string;
}> {
  const keys = await generateKeys();
  const publicKey = PemConverter.encode(await crypto.subtle.exportKey('spki', keys.publicKey), 'PUBLIC KEY');
  return { publicKey: `${publicKey}\n`, privateKey: await keyPem(keys.privateKey) };
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

function validity(): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - BACKDATE_MS), notAfter: new Date(now + LIFETIME_MS) };
}

function pem(certificate: X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}

async function keyPem(key: webcrypto.CryptoKey): Promise<string> {
  return `${PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
}
