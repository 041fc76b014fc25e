import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import type { CertificateVariant, RequestType } from '../protocol.ts';
import { createOriginCa, type OriginCa } from './authority.ts';
import { pem } from './der.ts';
import { signLeaf, type LeafContent } from './leaf.ts';

export interface IssueRequest {
  /** DER SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
  readonly hostnames: readonly string[];
  readonly requestType: RequestType;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly variant?: CertificateVariant;
}

/** What was issued: `id` is the serial number in decimal, `certificate` what the API gives out for it. */
export interface Issued {
  readonly id: string;
  readonly certificate: string;
  /** Of the certificate really issued, which a variant may have shifted. */
  readonly notAfter: number;
  /** Hex, of the DER SubjectPublicKeyInfo that was signed. */
  readonly publicKeySha256: string;
}

const DAY_MS = 86_400_000;

/** Signs a leaf with the authority that the request type names; wrongly so if a variant says how. */
export async function issue(request: IssueRequest, originCa: OriginCa): Promise<Issued> {
  const serial = randomBytes(20);
  serial[0] = (serial[0] ?? 0) % 0x7f || 1; // Positive, and 20 bytes without a padding zero.
  const id = BigInt(`0x${serial.toString('hex')}`).toString(10);
  const authorities = request.variant === 'unknownRoot' ? await createOriginCa() : originCa;
  const wanted = request.requestType === 'origin-ecc' ? 'ecc' : 'rsa';
  const other = wanted === 'ecc' ? 'rsa' : 'ecc';
  const authority = authorities[request.variant === 'otherAlgorithm' ? other : wanted];
  const content = contentFor(request, serial);
  const certificate = textFor(request.variant, signLeaf(content, authority), authority.certificate);
  const publicKeySha256 = createHash('sha256').update(content.publicKey).digest('hex');
  return { id, certificate, notAfter: content.notAfter, publicKeySha256 };
}

function contentFor(request: IssueRequest, serial: Uint8Array): LeafContent {
  const { publicKey, hostnames, notBefore, notAfter } = request;
  const content = { publicKey, hostnames, notBefore, notAfter, serial };
  const lifetime = notAfter - notBefore;
  switch (request.variant) {
    case 'otherKey':
      return { ...content, publicKey: freshKey(isRsa(publicKey)) };
    case 'otherKeyKind':
      return { ...content, publicKey: freshKey(!isRsa(publicKey)) };
    case 'otherHostnames':
      return { ...content, hostnames: [`not-${(hostnames[0] ?? '').replace(/^\*\./, '')}`] };
    case 'otherValidity':
      return { ...content, notAfter: notBefore + lifetime / 2 };
    case 'expired':
      return { ...content, notBefore: notBefore - lifetime - DAY_MS, notAfter: notBefore - DAY_MS };
    case 'notYetValid':
      return { ...content, notBefore: notBefore + DAY_MS, notAfter: notAfter + DAY_MS };
    case 'ca':
      return { ...content, isCa: true };
    default:
      return content; // The other variants differ in their signer or their text.
  }
}

function textFor(variant: CertificateVariant | undefined, leaf: string, root: string): string {
  switch (variant) {
    case 'twoBlocks':
      return leaf + root;
    case 'empty':
      return '';
    case 'garbage':
      return pem('CERTIFICATE', randomBytes(700));
    default:
      return leaf;
  }
}

function isRsa(publicKey: Uint8Array): boolean {
  return publicKey.length > 200;
}

/** A new public key: RSA 2048 or P-256. */
function freshKey(ofRsa: boolean): Uint8Array {
  const pair = ofRsa
    ? generateKeyPairSync('rsa', { modulusLength: 2048 })
    : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return pair.publicKey.export({ type: 'spki', format: 'der' });
}
