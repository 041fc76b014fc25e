import type {
  CaFacts,
  LeafFacts,
  PullsWorld,
  SeenCertificate,
  Stored,
} from '../../../../src/zone/pulls/world.ts';
import type { OriginLine } from '../../../../src/zone/world.ts';

export const NOW = Date.parse('2026-11-21T12:00:00Z');
export const MINUTE = 60_000;
export const DAY = 86_400_000;
const HOUR = 60 * MINUTE;

export const CA: CaFacts = {
  fingerprint: 'CA1',
  pem: '-----CA one-----\n',
  notBefore: NOW - 100 * DAY,
  notAfter: NOW + 3552 * DAY,
  canSign: true,
};
export const NEXT_CA: CaFacts = {
  ...CA,
  fingerprint: 'CA2',
  pem: '-----CA two-----\n',
  notBefore: NOW - DAY,
};
export const SHARED_PEM = '-----shared CA-----\n';

export const LEAF: LeafFacts = {
  fingerprint: '00:LEAF1',
  notBefore: NOW - 10 * DAY,
  notAfter: NOW + 80 * DAY,
  signer: 'CA1',
};
export const NEXT_LEAF: LeafFacts = {
  ...LEAF,
  fingerprint: '00:LEAF2',
  notBefore: NOW,
  notAfter: NOW + 90 * DAY,
};
export const DUE_LEAF: LeafFacts = { ...LEAF, notBefore: NOW - 65 * DAY, notAfter: NOW + 25 * DAY };

/** Our Secret as it is in quiet times. */
export function stored(parts: Partial<Stored> = {}): Stored {
  return {
    uid: 'uid',
    resourceVersion: '1',
    ca: CA,
    nextCa: undefined,
    leaf: LEAF,
    nextLeaf: undefined,
    postedAt: undefined,
    presentingSince: NOW - DAY,
    ...parts,
  };
}

/** A certificate at Cloudflare: this leaf, or somebody else's. */
export function seen(
  leaf: Pick<LeafFacts, 'fingerprint' | 'notAfter' | 'signer'> = LEAF,
  parts: Partial<SeenCertificate> = {},
): SeenCertificate {
  const { fingerprint, notAfter, signer } = leaf;
  return {
    id: `id of ${fingerprint}`,
    fingerprint,
    status: 'active',
    notAfter,
    issuer: 'CN=somebody',
    signer,
    ...parts,
  };
}

export function line(parts: Partial<OriginLine> = {}): OriginLine {
  return {
    hostname: 'www.example.com',
    address: '192.0.2.1:443',
    source: 'record A',
    result: 'Valid',
    tls: true,
    redirectsToHttp: false,
    clientCertificate: 'no',
    issuer: undefined,
    notAfter: undefined,
    message: '',
    beganMs: 0,
    ...parts,
  };
}

interface Parts extends Omit<Partial<PullsWorld>, 'ages' | 'cloudflare'> {
  readonly ages?: Partial<PullsWorld['ages']>;
  readonly cloudflare?: Partial<PullsWorld['cloudflare']>;
}

const OLD: PullsWorld['ages'] = {
  sharedOn: 0,
  disabled: HOUR,
  published: HOUR,
  oldGone: 0,
  posted: 0,
  deploying: 0,
  nextActive: 0,
};

/** A zone that presents its own certificate, as it has for a day; then what differs. */
export function world({ ages, cloudflare, ...parts }: Parts = {}): PullsWorld {
  return {
    objectName: 'example.com',
    zoneName: 'example.com',
    mode: 'Zone',
    hindrance: undefined,
    now: NOW,
    ssl: 'strict',
    cloudflare: {
      shared: { on: false, editable: true, modifiedOn: undefined },
      enabled: true,
      certificates: [seen()],
      ...cloudflare,
    },
    wantedCa: { state: 'own' },
    store: { state: 'ours', stored: stored() },
    demand: { complete: true, why: undefined, required: [], unknown: [] },
    bundle: CA.pem,
    publish: [],
    acceptance: { state: 'unasked' },
    backoffMs: 0,
    attempts: new Map(),
    sharedCaPem: SHARED_PEM,
    ...parts,
    ages: { ...OLD, ...ages },
  };
}

export function store(parts: Partial<Stored> = {}): PullsWorld['store'] {
  return { state: 'ours', stored: stored(parts) };
}
