import { generateKeyPairSync } from 'node:crypto';
import { publicKeyOfCsr } from '../ca/csr.ts';
import { issue } from '../ca/issue.ts';
import {
  CERTIFICATE_VARIANTS,
  REQUEST_TYPES,
  type CertificateFilter,
  type CertificatesSeed,
  type CertificateView,
  type SignRequest,
} from '../protocol.ts';
import { inCloudflareOrder, zoneOf } from '../rules/hostname.ts';
import { validityFrom } from '../rules/validity.ts';
import type { StoredCertificate } from '../world/certificates.ts';
import type { World } from '../world/world.ts';
import { ControlError, checked, type Shape } from './shape.ts';
import { zoneById } from './zones.ts';

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 5475;

const SIGN: Shape<SignRequest> = {
  csr: 'string',
  hostnames: 'strings',
  notBefore: 'date?',
  notAfter: 'date?',
  requestType: { oneOf: REQUEST_TYPES, optional: true },
  zoneId: 'string?',
  variant: { oneOf: CERTIFICATE_VARIANTS, optional: true },
};
const SEED: Shape<CertificatesSeed> = {
  zoneId: 'string',
  count: 'number',
  requestType: { oneOf: REQUEST_TYPES, optional: true },
  validityDays: 'number?',
};
const FILTER: Shape<CertificateFilter> = {
  zoneId: 'string?',
  hostname: 'string?',
  publicKeySha256: 'string?',
  tokenId: 'string?',
  revoked: 'boolean?',
};

/** Signs a CSR for any hostnames and dates, and stores the certificate as though it had been issued. */
export async function sign(world: World, body: unknown): Promise<{ id: string; certificate: string }> {
  const request = checked<SignRequest>(body, SIGN);
  const publicKey = await publicKeyOfCsr(request.csr);
  if (publicKey === undefined) throw new ControlError('csr is no valid certificate request in PEM');
  const now = world.clock.now();
  const notBefore =
    request.notBefore === undefined ? validityFrom(now, 1).notBefore : Date.parse(request.notBefore);
  const notAfter =
    request.notAfter === undefined ? notBefore + DEFAULT_DAYS * DAY_MS : Date.parse(request.notAfter);
  const zoneIds =
    request.zoneId === undefined ? zoneIdsOf(world, request.hostnames) : [zoneById(world, request.zoneId).id];
  const hostnames = inCloudflareOrder(request.hostnames);
  const requestType = request.requestType ?? 'origin-rsa';
  const { variant } = request;
  const issued = await issue(
    { publicKey, hostnames, requestType, notBefore, notAfter, ...(variant && { variant }) },
    world.originCa,
  );
  const validityDays = Math.round((notAfter - notBefore) / DAY_MS);
  world.certificates.add({
    ...issued,
    csr: request.csr,
    hostnames,
    requestType,
    validityDays,
    zoneIds,
    issuedAt: now,
  });
  return { id: issued.id, certificate: issued.certificate };
}

/** Fills a zone with certificates of one key pair, a hostname each: thousands in seconds. */
export async function seedCertificates(world: World, body: unknown): Promise<{ ids: readonly string[] }> {
  const seed = checked<CertificatesSeed>(body, SEED);
  const zone = zoneById(world, seed.zoneId);
  const { publicKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicKey = key.export({ type: 'spki', format: 'der' });
  const requestType = seed.requestType ?? 'origin-ecc';
  const validityDays = seed.validityDays ?? DEFAULT_DAYS;
  const now = world.clock.now();
  const dates = validityFrom(now, validityDays);
  const ids: string[] = [];
  for (let number = 0; number < seed.count; number += 1) {
    const hostnames = [`seed-${number}.${zone.name}`];
    const issued = await issue({ publicKey, hostnames, requestType, ...dates }, world.originCa);
    world.certificates.add({
      ...issued,
      csr: '',
      hostnames,
      requestType,
      validityDays,
      zoneIds: [zone.id],
      issuedAt: now,
    });
    ids.push(issued.id);
  }
  return { ids };
}

/** The stored certificates that meet every part of the filter, oldest first. */
export function certificates(world: World, body: unknown): readonly CertificateView[] {
  const filter = checked<CertificateFilter>(body, FILTER);
  const stored =
    filter.zoneId === undefined ? world.certificates.all() : world.certificates.ofZone(filter.zoneId);
  return stored
    .filter(
      ({ hostnames, tokenId, revokedAt, publicKeySha256 }) =>
        (filter.hostname === undefined || hostnames.includes(filter.hostname)) &&
        (filter.tokenId === undefined || tokenId === filter.tokenId) &&
        (filter.publicKeySha256 === undefined || publicKeySha256 === filter.publicKeySha256) &&
        (filter.revoked === undefined || (revokedAt !== undefined) === filter.revoked),
    )
    .map(viewOf);
}

function viewOf(stored: StoredCertificate): CertificateView {
  return {
    id: stored.id,
    hostnames: stored.hostnames,
    zoneIds: stored.zoneIds,
    requestType: stored.requestType,
    publicKeySha256: stored.publicKeySha256,
    issuedAt: new Date(stored.issuedAt).toISOString(),
    notAfter: new Date(stored.notAfter).toISOString(),
    ...(stored.revokedAt !== undefined && { revokedAt: new Date(stored.revokedAt).toISOString() }),
    ...(stored.tokenId !== undefined && { tokenId: stored.tokenId }),
    certificate: stored.certificate,
  };
}

/** Revokes as the dashboard would: past tokens, budgets and the request log. */
export function revoke(world: World, body: unknown): void {
  const { id } = checked<{ id: string }>(body, { id: 'string' });
  const certificate = world.certificates.get(id);
  if (certificate === undefined) throw new ControlError(`there is no certificate ${id}`);
  certificate.revokedAt ??= world.clock.now();
}

function zoneIdsOf(world: World, hostnames: readonly string[]): readonly string[] {
  const zones = hostnames.map((hostname) => zoneOf(hostname, world.zones.all())?.id);
  return [...new Set(zones.filter((id) => id !== undefined))];
}
