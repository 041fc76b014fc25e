import type { CertificateVariant, Operation } from '../simulator/protocol.ts';
import type { SslMode } from '../simulator/rules/zone-setting.ts';
import type { PullsWish } from './site.ts';
import type { Wish } from './wish.ts';

/** What somebody does to the Secret that a certificate is kept in. */
export const DAMAGES = [
  'delete',
  'empty the key',
  'garble the certificate',
  'overwrite with a pair of their own',
  'overwrite with the pair of another Secret',
  'strip the label',
  'strip the notes',
  'overwrite our fields',
  'add fields of their own',
] as const;
export type Damage = (typeof DAMAGES)[number];

/**
 * What somebody does to what the operator is about to write, of which it is the next to know. Where there is no Secret
 * yet, somebody may make one of his own first.
 */
export const CLASHES = [
  { at: 'Secret', how: 'add fields of their own' },
  { at: 'Secret', how: 'overwrite our fields' },
  { at: 'Secret', how: 'garble the certificate' },
  { at: 'Secret', how: 'overwrite with a pair of their own' },
  { at: 'Secret', how: 'delete' },
  { at: 'Secret', how: 'come first' },
  { at: 'pending Secret', how: 'add fields of their own' },
  { at: 'pending Secret', how: 'delete' },
  { at: 'object', how: 'add fields of their own' },
  { at: 'object', how: 'strip status' },
] as const satisfies readonly { readonly at: string; readonly how: Damage | 'come first' | 'strip status' }[];
export type ClashPoint = (typeof CLASHES)[number]['at'];

/** What happens to an answer of Cloudflare. */
export const LOSSES = [
  'resetBefore',
  'resetAfter',
  'cutBody',
  'truncateJson',
  'storedButFails',
  'hang',
] as const;
export type Loss = (typeof LOSSES)[number];

/** What happens between a replica and the API server. */
export const API_TROUBLES = [
  'refuses with 429',
  'refuses with 500',
  'refuses with 409',
  'loses answers',
  'drops watches',
  'is cut off',
  'is slow',
] as const;
export type ApiTrouble = (typeof API_TROUBLES)[number];

/** What people put in place before they ask for it to be taken over. */
export interface PairByHand {
  readonly type: 'kubernetes.io/tls' | 'Opaque';
  readonly algorithm: Wish['algorithm'];
  /** Which set of hostnames: with those of the wish nothing is to be issued. */
  readonly names: number;
}

/** So many times somebody comes just before the operator writes what it has read. */
export type Clash = { readonly kind: 'clash'; readonly count: number } & (typeof CLASHES)[number];

/** One thing that somebody does or that goes wrong, with all that chance decides about it. */
export type Step =
  | { readonly kind: 'apply'; readonly slot: string; readonly wish: Wish; readonly why: string }
  | { readonly kind: 'delete'; readonly slot: string }
  /** A pair is put in place by hand, and then an object is made that is to take it over. */
  | { readonly kind: 'adopt'; readonly slot: string; readonly wish: Wish; readonly pair: PairByHand }
  | { readonly kind: 'strip status'; readonly slot: string }
  | {
      readonly kind: 'damage';
      readonly slot: string;
      readonly secret: string;
      readonly how: Damage | 'come first';
      readonly other: string;
    }
  | { readonly kind: 'delete pending'; readonly slot: string }
  /** An object gets labels and annotations of somebody else. */
  | { readonly kind: 'mark'; readonly slot: string }
  | Clash
  /** At Cloudflare, by somebody in its dashboard. */
  | { readonly kind: 'revoke'; readonly slot: string }
  | { readonly kind: 'renew site'; readonly site: number; readonly request: number }
  /** Client certificates of a zone's own are shown, by which CA, or no more. */
  | { readonly kind: 'origin pulls'; readonly site: number; readonly wish: PullsWish }
  | { readonly kind: 'break origin'; readonly site: number; readonly ms: number }
  | { readonly kind: 'drift'; readonly site: number; readonly ssl: SslMode }
  | { readonly kind: 'zone anew'; readonly site: number }
  | { readonly kind: 'outage'; readonly status: number; readonly ms: number }
  | { readonly kind: 'lose'; readonly operation: Operation; readonly how: Loss; readonly count: number }
  | { readonly kind: 'limit'; readonly retryAfter: number | false; readonly count: number }
  | { readonly kind: 'bad certificate'; readonly variant: CertificateVariant }
  | { readonly kind: 'late'; readonly signing: boolean; readonly listing: boolean; readonly ms: number }
  | {
      readonly kind: 'token refused';
      readonly issuer: number;
      readonly ms: number;
      readonly replaced: boolean;
    }
  | {
      readonly kind: 'api';
      readonly replica: number;
      readonly how: ApiTrouble;
      readonly ms: number;
      readonly count: number;
    }
  /** Of the API server or of etcd beneath it, connections and all. */
  | { readonly kind: 'restart'; readonly what: 'API server' | 'etcd' }
  | { readonly kind: 'kill'; readonly whom: 'leader' | 'both' }
  | { readonly kind: 'pause'; readonly ms: number }
  | { readonly kind: 'roll' };

const BY_PEOPLE: readonly Step['kind'][] = [
  'apply',
  'delete',
  'adopt',
  'strip status',
  'damage',
  'delete pending',
  'mark',
  'clash',
  'revoke',
  'renew site',
  'origin pulls',
];

/** Whether it is something that people do to their objects; all else is a fault. */
export function isByPeople({ kind }: Step): boolean {
  return BY_PEOPLE.includes(kind);
}

/** What such steps have in common, for counting them. */
export function nameOf(step: Step): string {
  switch (step.kind) {
    case 'apply':
      return step.why;
    case 'adopt':
      return step.pair.names === step.wish.names ? 'adopt' : 'adopt a pair for other hostnames';
    case 'damage':
      return `Secret: ${step.how}`;
    case 'clash':
      return `${step.at} at the moment it is written: ${step.how}`;
    case 'api':
      return `API server ${step.how}`;
    case 'restart':
      return `${step.what} restarts`;
    case 'origin pulls':
      return step.wish.mode === 'Off' ? 'origin pulls: off' : `origin pulls: ${caWords(step.wish)}`;
    case 'lose':
      return `Cloudflare: ${step.how}`;
    case 'bad certificate':
      return `bad certificate: ${step.variant}`;
    default:
      return step.kind;
  }
}

function caWords({ ca }: PullsWish): string {
  return ca === undefined ? "on, by the operator's CA" : `on, by CA ${ca} of people's`;
}

/** The step in words, for the list of the last operations. */
export function wordsOf(step: Step): string {
  switch (step.kind) {
    case 'apply':
      return `${step.slot}: ${step.why}`;
    case 'adopt': {
      const { type, algorithm } = step.pair;
      return `${step.slot}: ${nameOf(step)} (${algorithm}) by hand in an ${type} Secret ${step.wish.secret}`;
    }
    case 'origin pulls':
      return `site ${step.site}: ${nameOf(step)}`;
    case 'damage':
      return `Secret ${step.secret} of ${step.slot}: ${step.how}`;
    default: {
      const { kind, ...rest } = step;
      const details = Object.entries(rest).map(([name, value]) => `${name} ${String(value)}`);
      return [kind, ...details].join(', ');
    }
  }
}
