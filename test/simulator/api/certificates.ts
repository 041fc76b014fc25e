import { publicKeyOfCsr } from '../ca/csr.ts';
import { issue } from '../ca/issue.ts';
import type { RequestType } from '../protocol.ts';
import { inCloudflareOrder } from '../rules/hostname.ts';
import { pageOf } from '../rules/paging.ts';
import { daysLeft, formatDate, validityFrom } from '../rules/validity.ts';
import type { StoredCertificate } from '../world/certificates.ts';
import { reaches, type Token } from '../world/tokens.ts';
import type { World } from '../world/world.ts';
import { parseCreate, zonesOf } from './create-request.ts';
import { apiError, messageOf } from './errors.ts';
import type { Answer, Call, Route } from './route.ts';

const EDIT = 'SSL and Certificates:Edit';
const READ = 'SSL and Certificates:Read';

export const certificateRoutes: readonly Route[] = [
  {
    operation: 'createCertificate',
    method: 'POST',
    path: '/certificates',
    permission: EDIT,
    family: 'certificates',
    handle: create,
  },
  {
    operation: 'listCertificates',
    method: 'GET',
    path: '/certificates',
    permission: READ,
    family: 'certificates',
    handle: list,
  },
  {
    operation: 'getCertificate',
    method: 'GET',
    path: '/certificates/:id',
    permission: READ,
    family: 'certificates',
    handle: get,
  },
  {
    operation: 'revokeCertificate',
    method: 'DELETE',
    path: '/certificates/:id',
    permission: EDIT,
    family: 'certificates',
    handle: revoke,
  },
  {
    operation: 'revokeCertificate',
    method: 'DELETE',
    path: '/certificates',
    permission: EDIT,
    family: 'certificates',
    handle: () => {
      throw apiError(1013);
    },
  },
];

async function create({ world, token, body, variant }: Call): Promise<Answer> {
  const request = parseCreate(body, world.settings.maxHostnames);
  const publicKey = await publicKeyOfCsr(request.csr);
  if (publicKey === undefined) throw apiError(1011);
  const zones = zonesOf(request.hostnames, world, token);
  const { lateSigningMs, lateSigningPerHostnameMs } = world.settings;
  await world.clock.after(lateSigningMs + lateSigningPerHostnameMs * request.hostnames.length);
  const dates = validityFrom(world.clock.now(), request.validityDays);
  const hostnames = inCloudflareOrder(request.hostnames);
  const issued = await issue(
    { publicKey, hostnames, requestType: request.requestType, ...dates, ...(variant && { variant }) },
    world.originCa,
  );
  const stored: StoredCertificate = {
    ...issued,
    csr: request.csr,
    hostnames,
    requestType: request.requestType,
    validityDays: request.validityDays,
    zoneIds: zones.map(({ id }) => id),
    issuedAt: world.clock.now(),
    tokenId: token.id,
  };
  world.certificates.add(stored);
  return {
    result: { ...base(stored, world), csr: stored.csr, requested_validity: stored.validityDays },
    ...(request.hadDuplicates && { messages: [{ code: 1006, message: messageOf(1006) }] }),
  };
}

function list({ world, token, query }: Call): Answer {
  const zoneId = query['zone_id'];
  if (!zoneId) throw apiError(1012);
  const zone = world.zones.get(zoneId);
  // Another account's zone and no zone at all look alike.
  if (zone === undefined || !reaches(token, zone)) throw apiError(10000);
  const { settings } = world;
  const now = world.clock.now();
  const visible = world.certificates
    .ofZone(zoneId)
    .filter(
      (certificate) =>
        certificate.issuedAt + settings.lateListingMs <= now &&
        (settings.listRevoked || certificate.revokedAt === undefined) &&
        (settings.listExpired || certificate.notAfter > now),
    );
  if (settings.listOrder === 'newestFirst') visible.reverse();
  const page = pageOf(visible, query, { mode: settings.paging, maxPerPage: settings.maxPerPage });
  return { result: page.items.map((certificate) => shown(certificate, world)), resultInfo: page.resultInfo };
}

function get({ world, token, params }: Call): Answer {
  return { result: shown(reachable(world, token, params['id']), world) };
}

function revoke({ world, token, params }: Call): Answer {
  const certificate = reachable(world, token, params['id']);
  if (certificate.revokedAt !== undefined) throw apiError(1014);
  certificate.revokedAt = world.clock.now();
  return { result: { id: certificate.id, revoked_at: new Date(certificate.revokedAt).toISOString() } };
}

/** The certificate of an id, if every zone of its hostnames is the token's to touch. */
function reachable(world: World, token: Token, id: string | undefined): StoredCertificate {
  if (!id) throw apiError(1013);
  const certificate = world.certificates.get(id);
  if (certificate === undefined) throw apiError(1101);
  const touchable = certificate.zoneIds.every((zoneId) => {
    const zone = world.zones.get(zoneId);
    return zone !== undefined && reaches(token, zone);
  });
  if (!touchable) throw apiError(1016);
  return certificate;
}

interface CertificateObject {
  readonly id: string;
  readonly certificate: string;
  readonly hostnames: readonly string[];
  readonly expires_on: string;
  readonly request_type: RequestType;
  readonly revoked_at?: string;
}

function base(certificate: StoredCertificate, world: World): CertificateObject {
  return {
    id: certificate.id,
    certificate: certificate.certificate,
    hostnames: certificate.hostnames,
    expires_on: formatDate(certificate.notAfter, world.settings.expiresOnForm),
    request_type: certificate.requestType,
    ...(certificate.revokedAt !== undefined && { revoked_at: new Date(certificate.revokedAt).toISOString() }),
  };
}

/** As GET and list show it: mostly without what only the create echoes. */
function shown(certificate: StoredCertificate, world: World): object {
  const object = base(certificate, world);
  switch (world.settings.writeOnlyFields) {
    case 'omitted':
      return object;
    case 'kept':
      return { ...object, csr: certificate.csr, requested_validity: certificate.validityDays };
    case 'countingDown':
      return {
        ...object,
        csr: certificate.csr,
        requested_validity: daysLeft(world.clock.now(), certificate.notAfter),
      };
  }
}
