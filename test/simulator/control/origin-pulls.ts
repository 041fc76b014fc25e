import { store } from '../api/upload.ts';
import { createPair } from '../ca/pair.ts';
import type {
  ClientCertificateFilter,
  ClientCertificateSeed,
  ClientCertificateView,
  OriginPullsChange,
} from '../protocol.ts';
import { readPair } from '../rules/client-pair.ts';
import { statusAt } from '../rules/deployment.ts';
import type { World } from '../world/world.ts';
import { ControlError, checked, type Shape } from './shape.ts';
import { zoneById } from './zones.ts';

const LEVELS = ['zone', 'hostname'];
const LIFETIME_MS = 365 * 86_400_000;

const SEED: Shape<ClientCertificateSeed> = {
  zoneId: 'string',
  level: { oneOf: LEVELS, optional: true },
  certificate: 'string?',
  privateKey: 'string?',
};
const FILTER: Shape<ClientCertificateFilter> = {
  zoneId: 'string?',
  level: { oneOf: LEVELS, optional: true },
};
const CHANGE: Shape<OriginPullsChange> = { zoneId: 'string', enabled: 'boolean?' };

/** Puts a client certificate on a zone as somebody else would have: at the edge already. */
export async function seedClientCertificate(world: World, body: unknown): Promise<ClientCertificateView> {
  const { zoneId, level = 'zone', certificate, privateKey } = checked<ClientCertificateSeed>(body, SEED);
  const zone = zoneById(world, zoneId);
  const foreign = await createPair({
    caName: 'CN=Somebody else',
    name: 'CN=somebody else',
    usage: 'clients',
    lifetimeMs: LIFETIME_MS,
  });
  const pair = readPair(certificate ?? foreign.certificate, privateKey ?? foreign.key);
  if (typeof pair === 'string') throw new ControlError(`certificate and privateKey are no pair: ${pair}`);
  const arrived = { beganAt: world.clock.now(), takesMs: 0, timesOut: false };
  const { id } = store(world, pair, { zoneId: zone.id, level }, arrived);
  const seeded = views(world).find((view) => view.id === id);
  if (seeded === undefined) throw new Error('what was stored is not there');
  return seeded;
}

/** The client certificates that meet the filter, oldest first, deleted ones included. */
export function clientCertificates(world: World, body: unknown): readonly ClientCertificateView[] {
  const filter = checked<ClientCertificateFilter>(body, FILTER);
  return views(world).filter(
    ({ zoneId, level }) =>
      (filter.zoneId === undefined || filter.zoneId === zoneId) &&
      (filter.level === undefined || filter.level === level),
  );
}

/** Switches a zone's own client certificates, as the dashboard would; answers whether they are on. */
export function originPulls(world: World, body: unknown): { readonly enabled: boolean } {
  const { zoneId, enabled } = checked<OriginPullsChange>(body, CHANGE);
  const zone = zoneById(world, zoneId);
  if (enabled !== undefined) world.originPulls.setEnabled(zone.id, enabled);
  return { enabled: world.originPulls.isEnabled(zone.id) };
}

function views({ originPulls: book, clock }: World): readonly ClientCertificateView[] {
  return book.all().map((stored) => ({
    id: stored.id,
    zoneId: stored.zoneId,
    level: stored.level,
    status: statusAt(stored, clock.now()),
    certificate: stored.certificate,
    fingerprint256: stored.fingerprint256,
    serialNumber: stored.serialNumber,
    notAfter: new Date(stored.notAfter).toISOString(),
    uploadedOn: new Date(stored.uploadedOn).toISOString(),
    ...(stored.tokenId !== undefined && { tokenId: stored.tokenId }),
  }));
}
