import { ANNOTATION } from '../../src/api/names.ts';
import type { OriginCertificate } from '../../src/api/v1alpha1.ts';
import { objectNameOf, placeOf, type Places } from './places.ts';

/** What people want of one OriginCertificate, as far as they change it. */
export interface Wish {
  /** Which of several sets of hostnames. */
  readonly names: number;
  /** Which of several Secret names. */
  readonly secret: number;
  readonly issuer: number;
  readonly validityDays: 7 | 30 | 90;
  readonly algorithm: 'ECDSA' | 'RSA';
  /** Counts the requests for a renewal. */
  readonly renewal: number;
  readonly suspended: boolean;
  readonly held: boolean;
  readonly label: number;
  readonly bundle: boolean;
  readonly temporary: boolean;
  /** What becomes of the Secret with its object; `Revoke`: of the certificate too. */
  readonly onDelete: 'Retain' | 'Delete' | 'Revoke';
  /** Whether replaced certificates are revoked. */
  readonly revokes: boolean;
  /** Counts the requests for another key because this one leaked. */
  readonly rekey: number;
  /** Whether a Secret that people made by hand is taken over. */
  readonly adopts: boolean;
}

export const FIRST_WISH: Wish = {
  names: 0,
  secret: 0,
  issuer: 0,
  validityDays: 90,
  algorithm: 'ECDSA',
  renewal: 0,
  suspended: false,
  held: false,
  label: 0,
  bundle: false,
  temporary: false,
  onDelete: 'Retain',
  revokes: false,
  rekey: 0,
  adopts: false,
};

/** That people want on their Secrets. */
export const TEMPLATE_LABEL = 'example.com/label';

export const NAME_SETS = 4;
export const SECRET_NAMES = 3;
/** The last of them is the ClusterOriginIssuer; of the others every place has its own. */
export const ISSUERS = 3;
export const CLUSTER_ISSUER = ISSUERS - 1;
/** Zones at Cloudflare; the hostnames of a certificate may lie in several. */
export const ZONES = ['example.com', 'example.org'] as const;

/** Objects of sites, whose hostnames nobody edits. */
const SITE_NAME = /^site-/;
/** Before a replaced certificate is revoked. */
export const GRACE = '5s';
const FAR_AWAY = '2099-01-01T00:00:00Z';

export function secretNameOf(slot: string, { secret }: Pick<Wish, 'secret'>): string {
  return `${objectNameOf(slot)}-tls-${secret}`;
}

export function hostnamesOf(slot: string, { names }: Pick<Wish, 'names'>): readonly string[] {
  return nameSets(slot)[names] ?? [];
}

/** Whose Secret it is by its name; undefined where it is no target of anybody's. */
export function ownerOf(secretName: string): string | undefined {
  return /^(.+)-tls(-\d+)?$/.exec(secretName)?.[1];
}

/** Whether an adopted pair, which is judged by its hostnames alone, serves the one as it does the other. */
export function isSamePair(one: Wish, other: Wish): boolean {
  return (['names', 'secret', 'renewal', 'rekey'] as const).every((field) => one[field] === other[field]);
}

/** Whether people ever ask for a certificate for these on behalf of the object of that slot. */
export function isAskedFor(slot: string, hostnames: readonly string[]): boolean {
  const asked = hostnames.toSorted().join();
  return SITE_NAME.test(objectNameOf(slot)) || nameSets(slot).some((set) => set.toSorted().join() === asked);
}

/** None of them is as good as another. */
function nameSets(slot: string): readonly (readonly string[])[] {
  const host = `${objectNameOf(slot)}.${placeOf(slot)}`;
  const [first, second] = ZONES;
  return [
    [`${host}.${first}`],
    [`${host}.${second}`, `www.${host}.${second}`],
    [`${host}.${first}`, `${host}.${second}`],
    [`*.${host}.${first}`, `${host}.${first}`],
  ];
}

/** The same, for the operator to work on. */
export function awake(wish: Wish): Wish {
  return { ...wish, suspended: false, held: false };
}

/** Of an OriginIssuer. */
export function issuerName(issuer: number): string {
  return `cloudflare-${issuer}`;
}

/** The object as people apply it. */
export function certificateOf(places: Places, slot: string, wish: Wish): OriginCertificate {
  const annotations = {
    ...(wish.renewal > 0 && { [ANNOTATION.renewRequestedAt]: String(wish.renewal) }),
    ...(wish.rekey > 0 && { [ANNOTATION.rekeyRequestedAt]: String(wish.rekey) }),
    ...(wish.held && { [ANNOTATION.holdUntil]: FAR_AWAY }),
  };
  const object = {
    metadata: { ...places.refOf(slot), annotations },
    spec: {
      secretName: secretNameOf(slot, wish),
      hostnames: hostnamesOf(slot, wish),
      issuerRef:
        wish.issuer === CLUSTER_ISSUER
          ? { kind: 'ClusterOriginIssuer', name: places.clusterIssuer }
          : { name: issuerName(wish.issuer) },
      validityDays: wish.validityDays,
      privateKey: { algorithm: wish.algorithm },
      suspend: wish.suspended,
      secretDeletionPolicy: wish.onDelete === 'Retain' ? 'Retain' : 'Delete',
      revocation: {
        superseded: wish.revokes ? 'Revoke' : 'Retain',
        gracePeriod: GRACE,
        onDelete: wish.onDelete === 'Revoke' ? 'Revoke' : 'Retain',
      },
      secretTemplate: { labels: { [TEMPLATE_LABEL]: String(wish.label) } },
      temporaryCertificate: wish.temporary,
      existingSecret: wish.adopts ? 'Adopt' : 'Refuse',
      ...(wish.bundle && { additionalOutputs: ['CABundle', 'CombinedPEM'] }),
    },
  };
  return object as unknown as OriginCertificate; // What is left out the API server fills in.
}
