import type { OriginZone } from '../../api/v1alpha1.ts';
import type { ClientCertificateStatus } from '../../cloudflare/zone-results.ts';
import type { SslMode } from '../concern.ts';
import type { OriginLine } from '../world.ts';
import type { Attempt } from './repeats.ts';

export type PullMode = OriginZone['spec']['authenticatedOriginPulls']['mode'];

/** A CA as decisions need it; no key. */
export interface CaFacts {
  readonly fingerprint: string;
  /** PEM, one block, with a final newline. */
  readonly pem: string;
  /** Milliseconds since the Unix epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Whether its key is at hand, in our Secret or in the one of caSecretRef. */
  readonly canSign: boolean;
}

/** A client certificate of ours, as our Secret holds it; no key. */
export interface LeafFacts {
  readonly fingerprint: string;
  readonly notBefore: number;
  readonly notAfter: number;
  /** Fingerprint of the CA in our Secret that signed it; undefined where none of them did. */
  readonly signer: string | undefined;
}

/** What our Secret holds. `next…` is there while something is being replaced. */
export interface Stored {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly ca: CaFacts;
  readonly nextCa: CaFacts | undefined;
  readonly leaf: LeafFacts | undefined;
  readonly nextLeaf: LeafFacts | undefined;
  /** When an upload was begun whose outcome may be unknown; undefined: none is out. */
  readonly postedAt: string | undefined;
  /** Ms since the epoch since when Cloudflare presents a client certificate of the zone; undefined: it does not. */
  readonly presentingSince: number | undefined;
}

export type Store =
  | { readonly state: 'absent' }
  | { readonly state: 'ours'; readonly stored: Stored }
  /** A Secret of that name is not ours, or holds nothing that can be used. */
  | { readonly state: 'unusable'; readonly message: string };

/** The CA that is to sign. */
export type WantedCa =
  | { readonly state: 'own' }
  /** `place` names its Secret in messages. */
  | { readonly state: 'given'; readonly ca: CaFacts; readonly place: string }
  | {
      readonly state: 'unusable';
      readonly reason: 'CaSecretMissing' | 'CaSecretInvalid';
      readonly message: string;
    };

/** A client certificate that Cloudflare has for the zone; those that it calls deleted are left out. */
export interface SeenCertificate {
  readonly id: string;
  readonly fingerprint: string | undefined;
  readonly status: ClientCertificateStatus;
  readonly notAfter: number | undefined;
  /** Common name of its issuer. */
  readonly issuer: string;
  /** Fingerprint of our CA that signed it: what is not signed by one is somebody else's. */
  readonly signer: string | undefined;
}

/** What Cloudflare answered. */
export interface Reading {
  /** `tls_client_auth`: whether the certificate that all customers share is presented. */
  readonly shared: {
    readonly on: boolean;
    readonly editable: boolean;
    readonly modifiedOn: number | undefined;
  };
  /** Whether the zone's own client certificate is presented. */
  readonly enabled: boolean;
  readonly certificates: readonly SeenCertificate[];
}

/** Who demands a client certificate, as far as origins were probed. */
export interface Demand {
  /** Whether every origin of the zone is known and was looked at of late. */
  readonly complete: boolean;
  /** Why not all are known, as a sentence, where it is not that they are being looked at. */
  readonly why: string | undefined;
  readonly required: readonly OriginLine[];
  /** Origins of which it cannot be told. */
  readonly unknown: readonly OriginLine[];
}

/** One of `publish`, as it was found. */
export interface PublishedObject {
  readonly kind: 'Secret' | 'ConfigMap';
  readonly namespace: string;
  readonly name: string;
  /** `stale`: ours, with other content or absent. `refused`: it may not, cannot or for a while shall not be written. */
  readonly state: 'current' | 'stale' | 'refused';
  /** Whether what was refused is to be tried again now. */
  readonly isDue: boolean;
  /** Whether it holds the CA of all that is presented: only then may an origin that reads it demand. */
  readonly trusts: boolean;
  /** Why it was refused or does not last, and the remedy; '' where there is nothing to say. */
  readonly message: string;
}

/** Whether origins take a client certificate of a new CA. */
export type Acceptance =
  | { readonly state: 'unasked' }
  | { readonly state: 'asking' }
  | { readonly state: 'accepted' }
  /** `isDue`: they are to be asked again. */
  | { readonly state: 'refused'; readonly by: readonly string[]; readonly isDue: boolean };

/** How long something has been so, in ms, by this process's own observation; 0: not, or seen just now. */
export interface Ages {
  /** The shared certificate is presented. */
  readonly sharedOn: number;
  /** The zone's own certificate is no longer presented. */
  readonly disabled: number;
  /** All of `publish` holds what it should. */
  readonly published: number;
  /** No certificate of the old CA is at Cloudflare any more. */
  readonly oldGone: number;
  /** The upload that may be out was begun, or first seen by this process. */
  readonly posted: number;
  /** Cloudflare has been deploying or deleting a certificate. */
  readonly deploying: number;
  /** The next leaf is active. */
  readonly nextActive: number;
}

/** All that the decision about a zone's origin pulls rests on. */
export interface PullsWorld {
  /** metadata.name, for commands in messages. */
  readonly objectName: string;
  readonly zoneName: string;
  readonly mode: PullMode;
  /** Why nothing may be changed outside the status, as the end of a sentence; undefined: it may. */
  readonly hindrance: string | undefined;
  /** Ms since the epoch. */
  readonly now: number;
  readonly ssl: SslMode | undefined;
  readonly cloudflare: Reading;
  readonly wantedCa: WantedCa;
  readonly store: Store;
  /** By verdicts that began after what matters changed: see `demandSinceMs` in observe. */
  readonly demand: Demand;
  /** What `publish` is to hold; undefined while Cloudflare presents nothing: then nothing is published. */
  readonly bundle: string | undefined;
  readonly publish: readonly PublishedObject[];
  /** Of the CA whose certificate is to be presented next. */
  readonly acceptance: Acceptance;
  readonly ages: Ages;
  /** Ms until an upload that failed is tried again; 0: now. */
  readonly backoffMs: number;
  /** What was tried of late, by `effectText`. */
  readonly attempts: ReadonlyMap<string, Attempt>;
  /** PEM of Cloudflare's shared CA. */
  readonly sharedCaPem: string;
}

export type PullState =
  | 'Off'
  | 'Uploading'
  | 'Deploying'
  | 'Enabling'
  | 'Propagating'
  | 'Presenting'
  | 'Rotating'
  | 'SwitchingOff'
  | 'Held'
  | PullProblem;

/** Why it does not go on. */
export type PullProblem =
  | 'SettingNotEditable'
  | 'ForeignClientCertificate'
  | 'CaSecretMissing'
  | 'CaSecretInvalid'
  | 'SecretNotManaged'
  | 'NewCaNotAccepted';

/** States that go on by themselves in some cases, and in others only by a person. */
export type PullStall = 'SwitchingOff' | 'Held';

/** What is told beside the state: it goes on all the same. */
export type PullWarning = 'CaExpiring' | 'PublishRefused' | 'SecretWriteRefused';

/** Which leaf of our Secret. */
export type LeafSlot = 'leaf' | 'nextLeaf';

/** What is done in a pass: one thing. */
export type PullEffect =
  /** Makes our Secret, with the CA (its certificate alone where the CA is given). */
  | { readonly do: 'CreateStore' }
  /** Puts a CA beside the present one: the given one, or one newly made. */
  | { readonly do: 'AddCa' }
  | { readonly do: 'DropNextCa' }
  /** The next CA becomes the CA; the old one is published no more. */
  | { readonly do: 'PromoteCa' }
  /** Makes a leaf and keeps it, for the upload to come. */
  | { readonly do: 'MakeLeaf'; readonly slot: LeafSlot; readonly signer: string }
  | { readonly do: 'PromoteLeaf' }
  /** Notes in our Secret that an upload is out, then uploads. */
  | { readonly do: 'Upload'; readonly slot: LeafSlot }
  | { readonly do: 'Delete'; readonly id: string; readonly failed: boolean }
  | { readonly do: 'Enable'; readonly enabled: boolean }
  | { readonly do: 'SetShared'; readonly on: boolean }
  | { readonly do: 'NotePresenting' }
  /** Writes these objects, each with this content. */
  | { readonly do: 'Publish'; readonly objects: readonly PublishedObject[]; readonly bundle: string }
  /** Knocks at the origins that demand, with a leaf of this CA, in the background. */
  | { readonly do: 'AskOrigins'; readonly ca: string; readonly origins: readonly OriginLine[] };

/** What the pass comes to. */
export interface PullStep {
  readonly state: PullState;
  /** What is so and what happens next, for people. */
  readonly message: string;
  readonly effect?: PullEffect | undefined;
  /** Ms until the next look where nothing is done; absent: at the interval of rest. */
  readonly againMs?: number | undefined;
  /** Whether it is Cloudflare that is waited for, which is then asked at the next look. */
  readonly polls?: boolean | undefined;
  /** Whether only a person can go on. */
  readonly stalled?: boolean | undefined;
}
