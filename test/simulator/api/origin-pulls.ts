import { statusAt } from '../rules/deployment.ts';
import { judgeHostname, liesIn } from '../rules/hostname.ts';
import type { PullAssociation } from '../world/origin-pulls.ts';
import type { World } from '../world/world.ts';
import type { Zone } from '../world/zones.ts';
import { apiError } from './errors.ts';
import { bodyFields, reachableZone, timestamp } from './reach.ts';
import type { Answer, Call, Route } from './route.ts';
import { rolloutFrom } from './upload.ts';

const READ = 'SSL and Certificates:Read';
const EDIT = 'SSL and Certificates:Edit';
const SETTINGS = '/zones/:zone/origin_tls_client_auth/settings';
const HOSTNAMES = '/zones/:zone/origin_tls_client_auth/hostnames';
const MOST_HOSTNAMES_OF_A_CERTIFICATE = 100;

/** The switch of the zone's own client certificates, and the hostnames tied to others. */
export const originPullRoutes: readonly Route[] = [
  {
    operation: 'getOriginPullSettings',
    method: 'GET',
    path: SETTINGS,
    permission: READ,
    family: 'others',
    handle: getSettings,
  },
  {
    operation: 'putOriginPullSettings',
    method: 'PUT',
    path: SETTINGS,
    permission: EDIT,
    family: 'others',
    handle: putSettings,
  },
  {
    operation: 'putOriginPullHostnames',
    method: 'PUT',
    path: HOSTNAMES,
    permission: EDIT,
    family: 'others',
    handle: putHostnames,
  },
  {
    operation: 'getOriginPullHostname',
    method: 'GET',
    path: `${HOSTNAMES}/:hostname`,
    permission: READ,
    family: 'others',
    handle: getHostname,
  },
];

function getSettings({ world, token, params }: Call): Answer {
  const zone = reachableZone(world, token, params['zone']);
  return { result: { enabled: world.originPulls.isEnabled(zone.id) } };
}

function putSettings({ world, token, params, body }: Call): Answer {
  const zone = reachableZone(world, token, params['zone']);
  const { enabled } = bodyFields(body);
  if (typeof enabled !== 'boolean') throw apiError(1408, 'enabled must be true or false');
  world.originPulls.setEnabled(zone.id, enabled);
  return { result: { enabled } };
}

function getHostname({ world, token, params }: Call): Answer {
  const zone = reachableZone(world, token, params['zone']);
  const association = world.originPulls.association(zone.id, params['hostname']?.toLowerCase() ?? '');
  if (association === undefined) throw apiError(1409);
  return { result: associationObject(association, association.enabled, world) };
}

/** One entry of `config`: what is to become of a hostname's tie. */
interface Entry {
  readonly hostname: string;
  readonly certificateId: string;
  /** Null: the tie goes. */
  readonly enabled: boolean | null;
}

/** All entries are judged before the first takes effect. Answers a list even for one. */
function putHostnames({ world, token, params, body }: Call): Answer {
  const zone = reachableZone(world, token, params['zone']);
  const { config } = bodyFields(body);
  if (!Array.isArray(config) || config.length === 0)
    throw apiError(1408, 'config must be a list of hostnames');
  const entries = config.map((value: unknown) => entryOf(value, zone, world));
  keepWithinLimit(entries, zone, world);
  return { result: entries.map((entry) => associated(entry, zone, world)) };
}

function entryOf(value: unknown, zone: Zone, world: World): Entry {
  const fields: { readonly [name: string]: unknown } =
    typeof value === 'object' && value !== null ? { ...value } : {};
  const { hostname, cert_id: certificateId, enabled } = fields;
  const verdict = judgeHostname(typeof hostname === 'string' ? hostname : '');
  if (!verdict.ok || !liesIn(verdict.hostname, zone.name))
    throw apiError(1408, 'config has an entry whose hostname is none of this zone');
  if (typeof enabled !== 'boolean' && enabled !== null)
    throw apiError(1408, 'enabled must be true, false or null');
  const certificate = world.originPulls
    .of(zone.id, 'hostname')
    .find(
      (candidate) => candidate.id === certificateId && statusAt(candidate, world.clock.now()) !== 'deleted',
    );
  if (certificate === undefined) throw apiError(1405);
  return { hostname: verdict.hostname, certificateId: certificate.id, enabled };
}

function keepWithinLimit(entries: readonly Entry[], zone: Zone, { originPulls }: World): void {
  const tied = new Map(
    originPulls.associations(zone.id).map(({ hostname, certificateId }) => [hostname, certificateId]),
  );
  for (const { hostname, certificateId, enabled } of entries) {
    if (enabled === null) tied.delete(hostname);
    else tied.set(hostname, certificateId);
  }
  for (const { certificateId } of entries) {
    const count = [...tied.values()].filter((id) => id === certificateId).length;
    if (count > MOST_HOSTNAMES_OF_A_CERTIFICATE) throw apiError(1410);
  }
}

function associated({ hostname, certificateId, enabled }: Entry, zone: Zone, world: World): object {
  const now = world.clock.now();
  const before = world.originPulls.association(zone.id, hostname);
  const association: PullAssociation = {
    hostname,
    certificateId,
    enabled: enabled === true,
    createdAt: before?.createdAt ?? now,
    updatedAt: now,
    rollout: rolloutFrom(world),
  };
  if (enabled === null) world.originPulls.dissociate(zone.id, hostname);
  else world.originPulls.associate(zone.id, association);
  return associationObject(association, enabled, world);
}

function associationObject(association: PullAssociation, enabled: boolean | null, world: World): object {
  const now = world.clock.now();
  const certificate = world.originPulls.get(association.certificateId);
  return {
    hostname: association.hostname,
    cert_id: association.certificateId,
    enabled,
    status: enabled === null ? 'pending_deletion' : statusAt(association, now),
    created_at: timestamp(association.createdAt),
    updated_at: timestamp(association.updatedAt),
    ...(certificate !== undefined && {
      cert_status: statusAt(certificate, now),
      cert_uploaded_on: timestamp(certificate.uploadedOn),
      cert_updated_at: timestamp(certificate.uploadedOn),
      certificate: certificate.certificate,
      issuer: certificate.issuer,
      signature: certificate.signature,
      serial_number: certificate.serialNumber,
      expires_on: new Date(certificate.notAfter).toISOString(),
    }),
  };
}
