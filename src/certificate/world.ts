import type { FailureReason } from '../api/conditions.ts';
import type { OriginCertificate } from '../api/v1alpha1.ts';
import type { Failure } from './failure.ts';
import type { IssuerDefaults } from './need.ts';
import type { Pending } from './pending.ts';
import type { Twin } from '../known-certificates.ts';
import type { SecretFacts } from '../secret-facts.ts';
import type { RevocationNote } from './superseded.ts';

/**
 * Everything that `decide` looks at, as plain frozen data. What is decided follows from objects and Secrets, so that a
 * stripped or forged status changes nothing. The one exception can only clean up: which certificates were replaced and
 * are to be revoked stands in the status, and the guard believes nothing of it.
 */
export interface World {
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** Undefined when no object of the uid in question exists, or it is being deleted. */
  readonly certificate: OriginCertificate | undefined;
  /** The object while it is being deleted and bears our finalizer. */
  readonly leaving: Leaving | undefined;
  /** spec.secretName; empty when there is no object. */
  readonly secretName: string;
  /** The Secret of that name. */
  readonly target: SecretFacts | undefined;
  readonly holder: Holder;
  /** Other Secrets that name this certificate as their keeper and are not released: targets of an earlier secretName. */
  readonly formers: readonly SecretFacts[];
  readonly pending: Pending | undefined;
  readonly waits: Waits;
  readonly issuer: IssuerView;
  /** The last failure, as long as nothing has changed that could make the next attempt end differently. */
  readonly failure: Failure | undefined;
  /** The last failure of what is written around a good pair; it holds back nothing else. */
  readonly mendFailure: Failure | undefined;
  /** The last failure to revoke a certificate that was replaced; it holds back nothing else. */
  readonly revokeFailure: Failure | undefined;
  /** The last failure to find out or revoke what an unwanted issuance left; it holds back nothing else. */
  readonly settleFailure: Failure | undefined;
  /** What this process found out about certificates that were replaced, by id. */
  readonly revocations: ReadonlyMap<string, RevocationNote>;
  readonly served: Served;
  /** Ids of the certificates in its Secrets that somebody else revoked, as far as this process has seen. */
  readonly revoked: readonly string[];
  /** Certificates that the slow check found to have been issued twice for this object. */
  readonly twins: readonly Twin[];
  /** Times (ms since the epoch) of certificates issued since the spec or a request last changed. */
  readonly issuedAt: readonly number[];
  /** A sentence when this machine's clock is too wrong to judge dates by. */
  readonly clockSkew: string | undefined;
  /** Whether requests of the token in question fail for everybody now, by what they ask for. */
  readonly incidents: Readonly<Record<Request, IncidentView>>;
  /** Whether the request budget grants it now, by what is asked for. */
  readonly turns: Readonly<Record<Request, boolean>>;
}

/**
 * What is asked of Cloudflare: a certificate, what became of an earlier request, or that one is revoked: one that was
 * replaced, or (settlement) one of an issuance that is not wanted any more.
 */
export type Request = 'creation' | 'search' | 'revocation' | 'settlement';

export type IncidentView =
  | { readonly state: 'none' }
  /** It is this object's turn to try whether it is over. */
  | { readonly state: 'probe' }
  | { readonly state: 'held'; readonly reason: FailureReason; readonly message: string };

/** A world in which the object exists and is not being deleted. */
export type Living = World & { readonly certificate: OriginCertificate };

export function isLiving(world: World): world is Living {
  return world.certificate !== undefined;
}

/** Whether origins serve the pair of the target: what the revocation of the one before waits for. */
export type Served =
  /** Wherever they were looked at. */
  | 'Served'
  /** Not everywhere, or not yet looked at. */
  | 'Lagging'
  /** Nobody looks, or what they serve cannot be seen. */
  | 'Unknown';

/** An object that goes when what it leaves is revoked, or when that takes too long. */
export interface Leaving {
  readonly certificate: OriginCertificate;
  /** Ms until it goes whatever is left; 0: now. */
  readonly leftMs: number;
  /** Whether any issuer in question has a token to revoke with; `awaited`: that is being checked. */
  readonly token: 'known' | 'awaited' | 'gone';
}

/** Who may write the target Secret. */
export type Holder =
  | { readonly kind: 'this' }
  /** Not ours: no OriginCertificate is named on it. */
  | {
      readonly kind: 'foreign';
      /** The cert-manager Certificate that writes it; looked for only where the Secret is to be taken over. */
      readonly keptBy?: string | undefined;
      /** Why it could not be found out whether there is one. */
      readonly doubt?: string | undefined;
    }
  /** Another OriginCertificate that names the same Secret and has the better right to it. */
  | { readonly kind: 'other'; readonly name: string };

/** How long it is, in ms, until things that may be under way can no longer happen; 0 when they cannot. */
export interface Waits {
  /** Until a POST that may be out for the pending key has ended one way or the other. */
  readonly postMs: number;
  /** Until no write that carries a certificate for the pending key can still arrive. */
  readonly writeMs: number;
}

export type IssuerView =
  | {
      readonly state: 'IssuerNotFound' | 'IssuerNotReady';
      readonly message: string;
      /** Until asking again may help; absent where news of the issuer wake its certificates. */
      readonly retryMs?: number;
    }
  /** This process has not checked it yet. */
  | { readonly state: 'Unchecked' }
  /** A hostname is in none of the zones known; they are listed anew in `retryMs`, before anything is refused. */
  | { readonly state: 'ZonesAwaited'; readonly retryMs: number }
  | {
      readonly state: 'Ready';
      readonly defaults: IssuerDefaults;
      /** Why the issuer does not let this namespace ask for these hostnames. */
      readonly notAllowed: string | undefined;
      /** Why Cloudflare would refuse: hostnames in none of the zones that the token sees. */
      readonly noZone: string | undefined;
    };
