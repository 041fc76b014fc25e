import { ORIGIN_PULL_SECRET_SUFFIX } from '../../../src/api/names.ts';
import { secrets } from '../../../src/kube/resource.ts';
import { readCertificate } from '../../../src/pki/authority.ts';
import { certificateKeyDigest, privateKeyDigest } from '../../../src/pki/keys.ts';
import { decode } from '../../../src/secret-facts.ts';
import type { ClientCertificateView } from '../../simulator/protocol.ts';
import { leaveDueLeaf } from '../../support/due-leaf.ts';
import type { Flow } from '../flow.ts';
import type { Ground } from '../ground.ts';
import { SYSTEM_NAMESPACE } from '../system.ts';
import { ALL_VARIANTS } from '../variant.ts';
import { REAL } from '../waits.ts';
import { applyZone, deleteZone, look, seed, zoneName } from './zone-ground.ts';

const DAY_MS = 86_400_000;

const variants = ALL_VARIANTS.slice(0, 1);
const write = () => ({ signal: AbortSignal.timeout(60_000), fieldManager: 'test', force: true });

/** An OriginZone that asks for a client certificate of its own and shows its CA. */
function applyPulls(ground: Ground): Promise<void> {
  const publish = [{ kind: 'Secret' as const, namespace: ground.lane.namespace, name: published(ground) }];
  return applyZone(ground, { authenticatedOriginPulls: { mode: 'Zone', publish } });
}

const stored = ({ name }: Ground): string => `${name}${ORIGIN_PULL_SECRET_SUFFIX}`;
const published = ({ name }: Ground): string => `${name}-origin-pull-ca`;

async function leaveLeaf(ground: Ground): Promise<void> {
  const { simulator, ring } = ground.lane;
  const zoneId = await seed(ground, { ssl: 'strict', automaticMode: 'custom' });
  const owner = { zoneId, zoneName: zoneName(ground), objectName: ground.name, namespace: SYSTEM_NAMESPACE };
  await leaveDueLeaf({ kube: ring.kube, simulator }, owner);
}

/** What Cloudflare holds and is not deleting, and what the Secret holds. */
async function lookAtPulls(ground: Ground) {
  const { simulator } = ground.lane;
  const { zone, id } = await look(ground);
  const all = id === '' ? [] : await simulator.clientCertificates({ zoneId: id, level: 'zone' });
  return {
    state: zone?.status?.authenticatedOriginPulls?.state,
    staying: all.filter(({ status }) => status !== 'pending_deletion' && status !== 'deleted'),
    isEnabled: id !== '' && (await simulator.originPulls(id)).enabled,
    data: (await ground.secret(stored(ground), SYSTEM_NAMESPACE))?.data ?? {},
    shown: decode((await ground.secret(published(ground)))?.data?.['ca.crt']),
  };
}

type Seen = Awaited<ReturnType<typeof lookAtPulls>>;

/** What is not as it must be with the pair in a slot of the Secret, and at Cloudflare. */
function leafProblems({ data, staying }: Seen, slot: 'tls' | 'next-tls'): readonly string[] {
  const certificate = readCertificate(decode(data[`${slot}.crt`]) ?? '');
  if (certificate === undefined) return [`the Secret has no ${slot}.crt`];
  const isPair = privateKeyDigest(decode(data[`${slot}.key`]) ?? '') === certificateKeyDigest(certificate);
  const copies = staying.filter(({ fingerprint256 }) => fingerprint256 === certificate.fingerprint256);
  return [
    ...(isPair ? [] : [`${slot}.key is not the key of ${slot}.crt`]),
    ...(copies.length === 1 && copies[0]?.status === 'active'
      ? []
      : [`Cloudflare has ${slot}.crt ${copies.length} times: ${copies.map(({ status }) => status).join()}`]),
  ];
}

/** Just these are at Cloudflare, presented, and what signed them is published. */
function commonProblems(seen: Seen, count: number): readonly string[] {
  const { staying, isEnabled, data, shown, state } = seen;
  return [
    ...(staying.length === count ? [] : [`Cloudflare keeps ${told(staying)}, not ${count}`]),
    ...(isEnabled ? [] : ['Cloudflare presents nothing']),
    ...(shown !== undefined && shown === decode(data['ca.crt'])
      ? []
      : ['another CA is published than is used']),
    ...(state === 'Propagating' || state === 'Presenting' || state === 'Rotating'
      ? []
      : [`it is ${state ?? 'new'}`]),
  ];
}

function told(certificates: readonly ClientCertificateView[]): string {
  return `${certificates.length} client certificates (${certificates.map(({ status }) => status).join()})`;
}

async function tearDown(ground: Ground): Promise<void> {
  await deleteZone(ground);
  const secret = { name: stored(ground), namespace: SYSTEM_NAMESPACE };
  await ground.lane.ring.kube.delete(secrets, secret, write());
}

/** A CA and a leaf are made, the leaf is uploaded once, and presented. */
const uploaded: Flow = {
  name: 'origin-pull-uploaded',
  variants,
  setUp: async (ground) => {
    await seed(ground, { ssl: 'strict', automaticMode: 'custom' });
  },
  begin: applyPulls,
  problems: async (ground) => {
    const seen = await lookAtPulls(ground);
    return [...leafProblems(seen, 'tls'), ...commonProblems(seen, 1)];
  },
  tearDown,
};

/**
 * The next leaf is uploaded once and stands beside the old one until it is everywhere, five minutes later: only runs
 * with real waits wait for the old one's end.
 */
const rotated: Flow = {
  name: 'origin-pull-rotated',
  variants,
  setUp: leaveLeaf,
  begin: applyPulls,
  problems: async (ground) => {
    const seen = await lookAtPulls(ground);
    if (ground.lane.waits === REAL) {
      const certificate = readCertificate(decode(seen.data['tls.crt']) ?? '');
      const isNew = (certificate?.validFromDate.getTime() ?? 0) > Date.now() - DAY_MS;
      return [
        ...(isNew ? [] : ['the old client certificate is still in place']),
        ...leafProblems(seen, 'tls'),
        ...commonProblems(seen, 1),
      ];
    }
    return [...leafProblems(seen, 'tls'), ...leafProblems(seen, 'next-tls'), ...commonProblems(seen, 2)];
  },
  tearDown,
};

export const PULL_FLOWS: readonly Flow[] = [uploaded, rotated];
