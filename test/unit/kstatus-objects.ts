import type {
  ClusterOriginIssuer,
  OriginCertificate,
  OriginIssuer,
  OriginZone,
} from '../../src/api/v1alpha1.ts';
import { conditionsOf } from '../../src/certificate/conditions.ts';
import { decide } from '../../src/certificate/decide.ts';
import { isLiving, type World } from '../../src/certificate/world.ts';
import { type Finding, statusOf } from '../../src/issuer/report.ts';
import type { KStatus } from '../support/kstatus.ts';
import { NOW, originCertificate, targetFacts, worldOf } from './certificate/fixtures.ts';
import { issuerWith, outageSince } from './issuer/fixtures.ts';
import { originZone, spokenOf, STRICT, unread } from './kstatus-zones.ts';
import { untrusted, type WorldChange } from './zone/world-fixtures.ts';

/** What Argo CD's health checks of deploy/argocd say. */
export type Health = 'Healthy' | 'Progressing' | 'Degraded' | 'Suspended';

export type Judged = OriginCertificate | OriginIssuer | ClusterOriginIssuer | OriginZone;

/** An object with a status that the operator writes, and what tools are to make of it. */
export type Row = readonly [what: string, object: Judged, kstatus: KStatus, health: Health];

const DAY = 86_400_000;
const STALLED_AFTER = 5 * 60_000;

/** The certificate of a world with the status that it leads to; what is refused is refused since `sinceMs`. */
function certificate(change: Partial<World> = {}, sinceMs = NOW): OriginCertificate {
  const world = worldOf(change);
  if (!isLiving(world)) throw new Error('only an object has a status');
  const conditions = conditionsOf(world, decide(world), sinceMs);
  return {
    ...world.certificate,
    status: { observedGeneration: world.certificate.metadata.generation, conditions },
  };
}

function heldUntil(text: string): OriginCertificate {
  const annotations = { 'originca.dev/hold-until': text };
  return certificate({ certificate: originCertificate({}, { annotations }) });
}

const failure: World['failure'] = {
  reason: 'CloudflareUnavailable',
  message: 'no answer',
  rayId: undefined,
  count: 3,
  since: NOW,
  lastTime: NOW,
  nextTime: NOW + 5000,
};
const due = targetFacts({}, { notBefore: NOW - 62 * DAY, notAfter: NOW + 28 * DAY });
const expired = targetFacts({}, { notBefore: NOW - 90 * DAY, notAfter: NOW });
const noIssuer = { target: undefined, issuer: { state: 'IssuerNotFound', message: 'none' } } as const;

const CERTIFICATES: readonly Row[] = [
  ['in order', certificate(), 'Current', 'Healthy'],
  [
    'that nobody has looked at',
    { ...originCertificate(), status: { observedGeneration: -1 } },
    'InProgress',
    'Progressing',
  ],
  [
    'whose spec changed since',
    { ...certificate(), metadata: originCertificate({}, { generation: 2 }).metadata },
    'InProgress',
    'Progressing',
  ],
  ['issued for the first time', certificate({ target: undefined }), 'InProgress', 'Progressing'],
  [
    'that cannot be issued during an outage',
    certificate({ target: undefined, failure }),
    'InProgress',
    'Progressing',
  ],
  ['being renewed', certificate({ target: due }), 'Current', 'Healthy'],
  ['whose renewal fails', certificate({ target: due, failure }), 'Current', 'Healthy'],
  ['that expired in an outage', certificate({ target: expired, failure }), 'InProgress', 'Progressing'],
  [
    'suspended with a good pair',
    certificate({ certificate: originCertificate({ suspend: true }) }),
    'Current',
    'Healthy',
  ],
  [
    'suspended without one',
    certificate({ certificate: originCertificate({ suspend: true }), target: undefined }),
    'InProgress',
    'Suspended',
  ],
  ['held until a time that is none', heldUntil('tomorrow'), 'Failed', 'Degraded'],
  ['held until a time to come', heldUntil('2027-01-01T00:00:00Z'), 'Current', 'Healthy'],
  ["whose Secret is somebody else's", certificate({ holder: { kind: 'foreign' } }), 'Failed', 'Degraded'],
  ['whose Secret two want', certificate({ holder: { kind: 'other', name: 'api' } }), 'Failed', 'Degraded'],
  [
    'issued in a loop',
    certificate({ target: due, issuedAt: [NOW - 1, NOW - 2, NOW - 3] }),
    'Failed',
    'Degraded',
  ],
  ['whose issuer is yet to come', certificate(noIssuer), 'InProgress', 'Progressing'],
  ['whose issuer does not come', certificate(noIssuer, NOW - STALLED_AFTER), 'Failed', 'Degraded'],
];

const PASSED: Finding = { outcome: 'passed', token: undefined, zones: [] };
const OUTAGE = outageSince(NOW);
const NO_TOKEN: Finding = { outcome: 'no-token', reason: 'CredentialsMissing', message: 'no Secret' };
const REFUSED = { outcome: 'refused', reason: 'CredentialsInvalid', message: 'wrong' } as Finding;

/** An issuer of which these things were found, one after the other, `apartMs` apart. */
function issuer(findings: readonly Finding[], apartMs = 0): OriginIssuer {
  return findings.reduce<OriginIssuer>((before, finding, index) => {
    const status = statusOf(before, finding, NOW + index * apartMs);
    return issuerWith({ status });
  }, issuerWith());
}

const ISSUERS: readonly (readonly [what: string, object: OriginIssuer, kstatus: KStatus, health: Health])[] =
  [
    ['that passed its check', issuer([PASSED]), 'Current', 'Healthy'],
    [
      'that nobody has looked at',
      issuerWith({ status: { observedGeneration: -1 } }),
      'InProgress',
      'Progressing',
    ],
    ['that could not be checked yet', issuer([OUTAGE]), 'InProgress', 'Progressing'],
    [
      'whose first check waits for its turn',
      issuer([{ outcome: 'waiting', isNewToken: false }]),
      'InProgress',
      'Progressing',
    ],
    ['that passed before an outage', issuer([PASSED, OUTAGE]), 'Current', 'Healthy'],
    ['whose token is refused', issuer([REFUSED]), 'Failed', 'Degraded'],
    ['whose token is yet to come', issuer([NO_TOKEN]), 'InProgress', 'Progressing'],
    ['whose token does not come', issuer([NO_TOKEN, NO_TOKEN], STALLED_AFTER), 'Failed', 'Degraded'],
  ];

const NO_ZONE_TOKEN = unread({ outcome: 'refused', reason: 'CredentialsMissing', message: 'no Secret' });
const ZONE_OUTAGE = unread({ outcome: 'unavailable', reason: 'CloudflareUnavailable', message: '503' });
const FLEXIBLE = { settings: { ssl: 'strict' }, values: { ssl: 'flexible' } } as const;
const OBSERVING = { ...FLEXIBLE, world: { enforce: false, hindrance: 'spec.mode is Observe' } };
const PRELOAD: WorldChange = {
  settings: {
    ssl: 'strict',
    hsts: {
      enabled: true,
      maxAge: 31_536_000,
      includeSubdomains: true,
      preload: true,
      noSniff: false,
      acknowledgeLockIn: false,
    },
  },
  values: { ssl: 'strict' },
};

const ZONES: readonly Row[] = [
  ['as it is to be', originZone([spokenOf(STRICT)]), 'Current', 'Healthy'],
  ['that nobody has looked at', originZone([]), 'InProgress', 'Progressing'],
  ['that differs and is only observed', originZone([spokenOf(OBSERVING)]), 'Current', 'Healthy'],
  [
    'that waits for an origin',
    originZone([spokenOf({ ...FLEXIBLE, lines: [untrusted()] })]),
    'Current',
    'Healthy',
  ],
  ['that waits for an acknowledgement', originZone([spokenOf(PRELOAD)]), 'Failed', 'Degraded'],
  ['that could not be read yet', originZone([ZONE_OUTAGE]), 'InProgress', 'Progressing'],
  ['read before an outage', originZone([spokenOf(), ZONE_OUTAGE]), 'Current', 'Healthy'],
  ['whose token is yet to come', originZone([NO_ZONE_TOKEN]), 'InProgress', 'Progressing'],
  [
    'whose token does not come',
    originZone([NO_ZONE_TOKEN, NO_ZONE_TOKEN], STALLED_AFTER),
    'Failed',
    'Degraded',
  ],
  [
    'that the token does not see',
    originZone([unread({ outcome: 'refused', reason: 'ZoneNotFound', message: 'none' })]),
    'Failed',
    'Degraded',
  ],
];

/** The kinds and what their tools are to say of them. */
export const ROWS: readonly Row[] = [
  ...CERTIFICATES.map(([what, ...rest]): Row => [`an OriginCertificate ${what}`, ...rest]),
  ...ISSUERS.map(([what, ...rest]): Row => [`an OriginIssuer ${what}`, ...rest]),
  ...ISSUERS.map(([what, object, ...rest]): Row => {
    return [`a ClusterOriginIssuer ${what}`, clusterKind(object), ...rest];
  }),
  ...ZONES.map(([what, ...rest]): Row => [`an OriginZone ${what}`, ...rest]),
];

/** The cluster kind's status comes from the same code. */
function clusterKind({ metadata, spec, status }: OriginIssuer): ClusterOriginIssuer {
  return {
    apiVersion: 'originca.dev/v1alpha1',
    kind: 'ClusterOriginIssuer',
    metadata,
    spec: { ...spec, allow: [] },
    ...(status && { status }),
  };
}
