import type { OriginZone } from '../api/v1alpha1.ts';
import type { OriginResult, Verdict } from '../probe/types.ts';

/** The settings as the spec calls them; sslAutomaticMode is managed exactly when ssl is. */
export type SettingName = 'sslAutomaticMode' | 'ssl' | 'minTlsVersion' | 'tls13' | 'alwaysUseHttps' | 'hsts';

/** A value as Cloudflare's GET gave it. */
export interface Reading {
  readonly value: unknown;
  readonly editable: boolean;
  /** Monotonic ms, when the GET began. */
  readonly readMs: number;
}

/** What this process (and, where it can only hold back, the status) remembers of one setting. */
export interface SettingHistory {
  /**
   * Canonical text of the desired value that was last seen in sync; undefined: never. A difference from the same
   * desire is a drift, from another one a roll-out. After a restart taken from status.settings[] (inSync, desired).
   */
  readonly lastInSync: string | undefined;
  /** Monotonic ms since when the present difference has been seen; undefined while in sync. */
  readonly differsSinceMs: number | undefined;
  /** The same moment in ms since the epoch, for words: reckoned back from two clocks it would come out anew each time. */
  readonly differsAt?: number | undefined;
  /** Milliseconds since the epoch of our restores within 24 h, from memory and status.restores. */
  readonly restores: readonly number[];
  /** Monotonic ms of our last PATCH that Cloudflare took, or may have taken. */
  readonly patchedMs: number | undefined;
  /** Canonical text of what that PATCH asked for: the `to` of its action. */
  readonly patchedTo: string | undefined;
  /** Cloudflare's last definite refusal of our PATCH, until it is tried again (monotonic ms). */
  readonly refusal:
    | {
        readonly reason: string;
        /** Cloudflare's code. */
        readonly code?: number | undefined;
        readonly message: string;
        readonly untilMs: number;
      }
    | undefined;
}

/** One hostname at one address, or a name with nothing to knock at. */
export interface OriginLine {
  readonly hostname: string;
  /** What was dialled; undefined where there was nothing to knock at. */
  readonly address: string | undefined;
  readonly source: string;
  readonly result: OriginResult;
  /** Whether TLS itself worked, whatever the certificate. */
  readonly tls: boolean;
  readonly redirectsToHttp: boolean;
  readonly clientCertificate: Verdict['clientCertificate'];
  readonly issuer: string | undefined;
  /** Milliseconds since the epoch. */
  readonly notAfter: number | undefined;
  readonly message: string;
  /** Monotonic ms when the probe began; undefined where nothing is probed. */
  readonly beganMs: number | undefined;
  /** NotProxied because there is no DNS record: nobody reaches it. */
  readonly withoutRecord?: boolean;
}

/** What is known of the zone's origins. */
export interface GateView {
  readonly lines: readonly OriginLine[];
  /** False while the DNS records are unknown or were listed incompletely: nothing is raised. */
  readonly complete: boolean;
  /** Why it is not complete, as a sentence. */
  readonly incompleteWhy?: string | undefined;
  /** When the DNS records were read, ms since the epoch; undefined: not known. */
  readonly recordsAt?: number | undefined;
  /** Names without a verdict that began at or after the moment asked for. */
  readonly missing: readonly string[];
}

/** All that the decision about a zone's settings rests on. */
export interface ZoneWorld {
  readonly spec: OriginZone['spec'];
  /** metadata.name, for the commands in messages. */
  readonly objectName: string;
  readonly zoneName: string;
  /** Why the zone itself is in no state to be changed (paused, pending, moved), as a sentence. */
  readonly zoneProblem: string | undefined;
  /** Whether anything may be changed: mode Enforce, not held, the winner of its zone. */
  readonly enforce: boolean;
  /** Why nothing may be changed, as the end of a sentence; undefined while `enforce`. */
  readonly hindrance: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Milliseconds of the monotonic clock. */
  readonly monotonic: number;
  /** What was read; a setting that could not be read yet is absent. */
  readonly readings: Readonly<Partial<Record<SettingName, Reading>>>;
  readonly history: Readonly<Record<SettingName, SettingHistory>>;
  /** The gate by verdicts that began at or after `sinceMs` (monotonic). Pure: what is missing is asked for by act. */
  readonly gate: (sinceMs: number) => GateView;
  /** How long it takes at least to look at all origins of all zones once, ms. */
  readonly roundMs: number;
  /** Ready OriginCertificates with a name in this zone: unused while ssl is off or flexible. */
  readonly readyCertificates: number;
}

/** Why a difference is left as it is. */
export type HoldReason =
  /** The zone is paused, pending or moved. */
  | 'ZoneNotActive'
  /** Mode Observe, hold-until, or another OriginZone has the zone. */
  | 'NotEnforced'
  /** The zone's plan does not let it be changed. */
  | 'NotEditable'
  /** Cloudflare refused the change. */
  | 'Refused'
  /** Cloudflare still chooses the mode by itself. */
  | 'AutomaticMode'
  /** Set a moment ago, and not yet seen. */
  | 'Propagating'
  /** Somebody keeps changing it: a person has to settle it. */
  | 'DriftAlarm'
  /** Visitors would be redirected for ever. */
  | 'WouldLoop'
  /** Comes after ssl is full or stricter. */
  | 'WaitingForSsl'
  /** Visitors would be locked in, or out. */
  | 'LockIn'
  /** A lowered mode comes back later. */
  | 'RestorePending'
  /** Not all origins have been looked at yet. */
  | 'GateWaiting'
  /** An origin would fail. */
  | 'GateClosed';

/** What becomes of one setting. */
export type SettingAction = { readonly name: SettingName } & (
  | {
      readonly type: 'Keep';
      readonly inSync: true;
      readonly reason: 'InSync' | 'StricterThanAsked' | 'CertificatesUnused';
      readonly message: string;
    }
  | {
      readonly type: 'Unread';
      readonly inSync: false;
      readonly reason: 'Unknown';
      readonly message: string;
    }
  | {
      readonly type: 'Patch';
      readonly inSync: false;
      readonly reason: 'RollingOut' | 'Restoring';
      readonly message: string;
      /** As the API takes it. */
      readonly value: unknown;
      readonly from: string;
      readonly to: string;
      /** What counts as a restore, in status.restores and the counter; the second step of one is a RollOut. */
      readonly because: 'RollOut' | 'Restore';
    }
  | {
      readonly type: 'Hold';
      readonly inSync: false;
      readonly reason: HoldReason;
      readonly message: string;
      /** What follows the message and is the same for every setting that is held for this: said of several, it is said once. */
      readonly shared?: string;
      /** Whether only a person can go on. */
      readonly stalled: boolean;
      /** Monotonic ms, look again then. */
      readonly againMs?: number;
      /** Verdicts are wanted that began at this monotonic ms or later. */
      readonly probeSinceMs?: number;
      /** The DNS records are wanted anew. */
      readonly listsRecords?: true;
    }
);
