import { createPrivateKey, type KeyObject } from 'node:crypto';

const KEY_BLOCK = /-----BEGIN ((?:RSA |EC )?PRIVATE KEY)-----([^-]+)-----END \1-----/;

/** Longer than any key that a TLS server has: RSA with 16,384 bits takes 13 KiB. */
const MAX_LENGTH = 32 * 1024;

/**
 * Object identifiers, in hex, of the kinds of keys in PKCS#8 that are read: RSA, RSA-PSS, EC, Ed25519, Ed448. Of a
 * DSA or DH key OpenSSL reckons the public half as it reads it, by numbers that whoever wrote the key chose: one that
 * fits into a Secret stops the process for minutes.
 */
const READ_KINDS: ReadonlySet<string> = new Set([
  '2a864886f70d010101',
  '2a864886f70d01010a',
  '2a8648ce3d0201',
  '2b6570',
  '2b6571',
]);

/** The first private key of a PEM text, of a kind that TLS servers use; undefined where there is none. */
export function readPrivateKey(pem: string): KeyObject | undefined {
  if (pem.length > MAX_LENGTH) return undefined;
  const [block, label, body = ''] = KEY_BLOCK.exec(pem) ?? [];
  if (block === undefined) return undefined;
  if (label === 'PRIVATE KEY' && !READ_KINDS.has(kindOf(Buffer.from(body, 'base64')) ?? '')) return undefined;
  try {
    return createPrivateKey(block);
  } catch {
    return undefined; // The caller says which Secret holds the unreadable key; the parser's words may quote it.
  }
}

const SEQUENCE = 0x30;
const INTEGER = 0x02;
const OBJECT_IDENTIFIER = 0x06;

/** The algorithm of a PKCS#8 key: SEQUENCE { INTEGER version, SEQUENCE { OBJECT IDENTIFIER algorithm, … }, … }. */
function kindOf(der: Buffer): string | undefined {
  const outer = element(der, 0, SEQUENCE);
  const version = outer && element(der, outer.start, INTEGER);
  const algorithm = version && element(der, version.end, SEQUENCE);
  const kind = algorithm && element(der, algorithm.start, OBJECT_IDENTIFIER);
  return kind && der.toString('hex', kind.start, kind.end);
}

/** Where the contents of the element at `at` start and end; undefined where there is another one, or none. */
function element(
  der: Buffer,
  at: number,
  tag: number,
): { readonly start: number; readonly end: number } | undefined {
  if (der[at] !== tag) return undefined;
  const first = der[at + 1] ?? 0;
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  const start = at + 2 + lengthBytes;
  if (first === 0x80 || lengthBytes > 4 || start > der.length) return undefined;
  const length = lengthBytes === 0 ? first : der.readUIntBE(at + 2, lengthBytes);
  return { start, end: start + length };
}
