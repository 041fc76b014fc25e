import type { Operation } from '../protocol.ts';
import { statusAt } from '../rules/deployment.ts';
import type { ClientCertificate, PullLevel } from '../world/origin-pulls.ts';
import type { World } from '../world/world.ts';
import type { Zone } from '../world/zones.ts';
import { apiError } from './errors.ts';
import { reachableZone, timestamp } from './reach.ts';
import type { Answer, Call, Route } from './route.ts';
import { removalFrom, store, uploadedPair } from './upload.ts';

const READ = 'SSL and Certificates:Read';
const EDIT = 'SSL and Certificates:Edit';
const MOST_HOSTNAME_CERTIFICATES = 10;

type Handler = (call: Call, zone: Zone, level: PullLevel) => Answer;

/** The four things that can be done with the client certificates of one level. */
function routesOf(
  level: PullLevel,
  path: string,
  [listing, upload, reading, deletion]: readonly [Operation, Operation, Operation, Operation],
): readonly Route[] {
  const at = (handle: Handler): Route['handle'] => {
    return (call) => handle(call, reachableZone(call.world, call.token, call.params['zone']), level);
  };
  const one = `${path}/:certificate`;
  const family = 'others';
  return [
    { operation: listing, method: 'GET', path, permission: READ, family, handle: at(list) },
    { operation: upload, method: 'POST', path, permission: EDIT, family, handle: at(create) },
    { operation: reading, method: 'GET', path: one, permission: READ, family, handle: at(get) },
    { operation: deletion, method: 'DELETE', path: one, permission: EDIT, family, handle: at(remove) },
  ];
}

/** Client certificates that all origins of a zone are shown. */
export const zoneCertificateRoutes = routesOf('zone', '/zones/:zone/origin_tls_client_auth', [
  'listClientCertificates',
  'uploadClientCertificate',
  'getClientCertificate',
  'deleteClientCertificate',
]);

/** Client certificates for hostnames. */
export const hostnameCertificateRoutes = routesOf(
  'hostname',
  '/zones/:zone/origin_tls_client_auth/hostnames/certificates',
  [
    'listHostnameCertificates',
    'uploadHostnameCertificate',
    'getHostnameCertificate',
    'deleteHostnameCertificate',
  ],
);

function list({ world }: Call, zone: Zone, level: PullLevel): Answer {
  const shown = visible(world, zone, level);
  return { result: shown.map((certificate) => certificateObject(certificate, world)) };
}

function create({ world, token, body }: Call, zone: Zone, level: PullLevel): Answer {
  const pair = uploadedPair(body);
  if (level === 'hostname' && living(world, zone, level).length >= MOST_HOSTNAME_CERTIFICATES)
    throw apiError(1406);
  const stored = store(world, pair, { zoneId: zone.id, level, tokenId: token.id });
  return { result: certificateObject(stored, world) };
}

function get({ world, params }: Call, zone: Zone, level: PullLevel): Answer {
  const certificate = visible(world, zone, level).find(({ id }) => id === params['certificate']);
  if (certificate === undefined) throw apiError(1405);
  return { result: certificateObject(certificate, world) };
}

/** Takes it from the edge, by and by. Again for one on its way already changes nothing; after a time-out it may. */
function remove({ world, params }: Call, zone: Zone, level: PullLevel): Answer {
  const certificate = living(world, zone, level).find(({ id }) => id === params['certificate']);
  if (certificate === undefined) throw apiError(1405);
  if (world.originPulls.associations(zone.id).some(({ certificateId }) => certificateId === certificate.id))
    throw apiError(1407);
  if (statusAt(certificate, world.clock.now()) !== 'pending_deletion')
    certificate.removal = removalFrom(world);
  return { result: certificateObject(certificate, world) };
}

function living(world: World, zone: Zone, level: PullLevel): readonly ClientCertificate[] {
  const now = world.clock.now();
  return world.originPulls
    .of(zone.id, level)
    .filter((certificate) => statusAt(certificate, now) !== 'deleted');
}

function visible(world: World, zone: Zone, level: PullLevel): readonly ClientCertificate[] {
  return world.settings.originPulls.showDeleted
    ? world.originPulls.of(zone.id, level)
    : living(world, zone, level);
}

/** Without the key, which nobody gets back. */
function certificateObject(certificate: ClientCertificate, { clock }: World): object {
  return {
    id: certificate.id,
    certificate: certificate.certificate,
    issuer: certificate.issuer,
    signature: certificate.signature,
    ...(certificate.level === 'hostname' && { serial_number: certificate.serialNumber }),
    status: statusAt(certificate, clock.now()),
    expires_on: new Date(certificate.notAfter).toISOString(),
    uploaded_on: timestamp(certificate.uploadedOn),
  };
}
