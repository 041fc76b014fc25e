import type { OriginCertificate } from '../../src/api/v1alpha1.ts';
import type { Secret } from '../../src/kube/object.ts';
import type { Answer, Call } from './calls.ts';

/**
 * The whole world of one moment as plain data that is never changed: what the API server and Cloudflare hold, what is
 * under way, and what each process remembers. Two moments with the same data are the same moment.
 */
export interface State {
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** Until then a policy refuses to store Secrets that are served, ms since the epoch. */
  readonly refusedUntil: number;
  readonly api: Objects;
  readonly cloudflare: Cloudflare;
  /** Effects of requests that nobody waits for any more: each may still happen until its deadline. */
  readonly late: readonly Late[];
  readonly processes: readonly Process[];
  /** Which process took the last step; -1 where there is only one. */
  readonly running: number;
  /** Number of processes started so far: the name of the next. */
  readonly started: number;
  readonly left: Budget;
  readonly users: Users;
}

/** How many of each kind of trouble may still happen. */
export interface Budget {
  readonly crash: number;
  /** Lost, refused or wrong answers, incomplete listings. */
  readonly fault: number;
  /** What people do. */
  readonly user: number;
  /** How often another process takes over while one is in the middle of a pass. */
  readonly switch: number;
}

/** What the API server holds. Every name is in the one namespace. */
export interface Objects {
  readonly certificates: Readonly<Record<string, OriginCertificate>>;
  readonly secrets: Readonly<Record<string, Secret>>;
  /** cert-manager keeps the Secret that was made by hand. */
  readonly isKeptElsewhere: boolean;
  /** The namespace is being deleted. */
  readonly isTerminating: boolean;
  /** Names of the issuers. */
  readonly issuers: readonly string[];
  /** How often an object of that kind and name was created: makes its uid. */
  readonly births: Readonly<Record<string, number>>;
}

/** A certificate that Cloudflare has signed. */
export interface Stored {
  readonly id: string;
  readonly key: string;
  readonly hostnames: readonly string[];
  readonly text: string;
  readonly revoked: boolean;
  /** From when on listings show it, ms since the epoch. */
  readonly listedAt: number;
}

/** What became of the last POST for a key. */
export interface Post {
  readonly sentAt: number;
  readonly refused: boolean;
}

/** What Cloudflare holds, and whether it answers. */
export interface Cloudflare {
  readonly stored: readonly Stored[];
  /** Until then it answers nobody, ms since the epoch. */
  readonly awayUntil: number;
  /** By key. */
  readonly posts: Readonly<Record<string, Post>>;
}

/** What every object asks for beyond hostnames, Secret and issuer. */
export interface Asks {
  /** What is replaced is revoked after a grace. */
  readonly superseded?: 'Revoke';
  /** Its Secret goes with it, and what that held is revoked. */
  readonly onDelete?: 'Revoke';
  /** A Secret that is there already is taken over. */
  readonly existingSecret?: 'Adopt';
  /** Until a certificate can be had, the Secret holds a self-signed pair. */
  readonly temporaryCertificate?: true;
}

/** What people did that the promises except, and what they can do again. */
export interface Users {
  /** A target as it was when it first held a pair: what a backup brings back. */
  readonly backup: Secret | undefined;
  /** Ids of certificates whose Secret was deleted or overwritten by hand: nothing is promised of them any more. */
  readonly dropped: readonly string[];
  /** Ids of certificates that were revoked by hand. */
  readonly revoked: readonly string[];
  /** Ids that nobody has to know any more: those dropped, and those that served an object that was deleted. */
  readonly letGo: readonly string[];
  /** Keys that went with their namespace. */
  readonly lostKeys: readonly string[];
  /** Ids whose Secret was deleted with its object: a late write that brings one back serves nobody. */
  readonly takenDown: readonly string[];
  /** Ids that were in a target at any time. */
  readonly served: readonly string[];
  /** Ids of certificates whose key was said to have leaked: a released Secret does not keep them. */
  readonly leaked: readonly string[];
  /** Names of objects that came to want a Secret while somebody worked by what it had read before. */
  readonly claimedMidway: readonly string[];
  /** Names of objects that ask for a temporary pair, or did so when somebody read them who may still write. */
  readonly bridged: readonly string[];
  readonly asks: Asks;
  /** Whether an object was deleted. */
  readonly hasDeleted: boolean;
  /** How many certificates may have been issued by now. */
  readonly needs: number;
}

/** The effect of a request that nobody waits for any more. */
export interface Late {
  readonly call: Call;
  /** It happens before this time or never, ms since the epoch. */
  readonly deadline: number;
}

/** One operator process: what it remembers, and the pass that it is in the middle of. */
export interface Process {
  readonly name: number;
  /** Its CertificateMemory when the pass began, as text. */
  readonly memory: string;
  /** Keys made so far. */
  readonly keys: number;
  /** The last complete listing that it read. */
  readonly listing: KeptListing | undefined;
  /** Queue keys that something changed for. */
  readonly dirty: readonly string[];
  /** Queue keys that want another look, with the time. */
  readonly timers: Readonly<Record<string, number>>;
  readonly pass: Pass | undefined;
}

/** A listing of all certificates, which serves every pass that may use one so old. */
export interface KeptListing {
  /** Monotonic ms. */
  readonly startedMs: number;
  readonly certificates: readonly Stored[];
}

/** A pass that waits for answers. What it does next follows from this alone. */
export interface Pass {
  readonly key: string;
  readonly startedAt: number;
  /** What the caches held when it began. */
  readonly cache: Objects;
  readonly heard: readonly Heard[];
  /** Names the pass and all that it heard. */
  readonly digest: string;
  /** Asked and not answered yet, oldest first. */
  readonly calls: readonly Call[];
}

/** One answer, and when it came. */
export interface Heard {
  readonly now: number;
  readonly answer: Answer;
}

/** The one namespace that there is. */
export const NAMESPACE = 'shop';
/** `--cloudflare-post-timeout`. */
export const POST_TIMEOUT_MS = 30_000;
/** `--settle`. */
export const SETTLE_MS = 30_000;
/** How long after its sending a POST for one hostname can still store something that a listing shows. */
export const WAIT_MS = POST_TIMEOUT_MS + 1000 + SETTLE_MS;

/** A process that has just started: nothing of a former one is known to it. */
export function newProcess(name: number, dirty: readonly string[]): Process {
  return { name, memory: '', keys: 0, listing: undefined, dirty, timers: {}, pass: undefined };
}

/** Whether any process is in the middle of a pass. */
export function isMidway({ processes }: State): boolean {
  return processes.some(({ pass }) => pass !== undefined);
}
