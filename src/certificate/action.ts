import type { FailureReason, IssueReason, RefusalReason } from '../api/conditions.ts';
import type { Twin } from '../known-certificates.ts';
import type { SecretFacts } from '../secret-facts.ts';
import type { Pending } from './pending.ts';
import type { Request } from './world.ts';
import type { Superseded } from './superseded.ts';

/** The one thing to do next. `act` carries it out; the ones marked "rest" end the pass. */
export type Action =
  /** Rest: all is as it should be. `wakeAt` is the renewal time, ms since the epoch. */
  | { readonly type: 'Done'; readonly wakeAt?: number }
  /** Rest: nothing can be done until something changes. */
  | Refusal
  /** Rest: something is under way whose end has to be awaited. */
  | {
      readonly type: 'Wait';
      readonly ms: number;
      readonly alsoFor?: AlsoFor;
      readonly said?: { readonly reason: FailureReason; readonly message: string };
    }
  /** Rest: the issuer is being checked for the first time; it wakes us, and until then there is nothing to say. */
  | { readonly type: 'AwaitIssuer' }
  /** Rest: it is called when it is its turn to ask. `said`: requests of its token fail for everybody; else it is the budget. */
  | {
      readonly type: 'AwaitTurn';
      readonly request: Request;
      /** When something else is due, ms since the epoch. */
      readonly wakeAt?: number;
      readonly alsoFor?: AlsoFor;
      readonly said?: { readonly reason: FailureReason; readonly message: string };
    }
  /** Give the target to this object, or mend its labels, annotations and outputs, around the same pair. */
  | { readonly type: 'Rewrite'; readonly target: SecretFacts; readonly why: string }
  /** Take over a Secret that is not ours, with the pair that it holds. */
  | { readonly type: 'Adopt'; readonly target: SecretFacts }
  /** Put a self-signed pair where there is none, until a certificate can be had. */
  | { readonly type: 'Bridge' }
  /** Copy the pair of a former target to the name that the spec now has. */
  | { readonly type: 'Copy'; readonly from: SecretFacts }
  /** Let a former target go: it keeps its pair and is no longer ours. */
  | { readonly type: 'Release'; readonly former: SecretFacts }
  /** Make a key, keep it in a pending Secret, ask for a certificate, write it. */
  | { readonly type: 'Issue'; readonly reason: IssueReason }
  /** Ask (again) for the certificate of the pending key. */
  | { readonly type: 'Post'; readonly pending: Pending }
  /** Look whether Cloudflare has a certificate for the pending key; if so write it, if not ask again. */
  | { readonly type: 'Search'; readonly pending: Pending }
  /** Write the certificate that is parked on the pending Secret. */
  | { readonly type: 'Write'; readonly pending: Pending }
  /** The issuance is not wanted any more: look for what it left, and note it for revocation. */
  | { readonly type: 'Settle'; readonly pending: Pending }
  /** Have the deletion of the object wait for us, or no longer. */
  | { readonly type: 'Protect' | 'Unprotect' }
  /** The object is being deleted: note in its status what is to be revoked with it. */
  | { readonly type: 'NoteDeleted'; readonly entries: readonly Superseded[] }
  /** The object is being deleted, and its Secret with it, before its certificate is revoked. */
  | { readonly type: 'DeleteSecret'; readonly secret: SecretFacts }
  /** Let the deletion go on. `left`: ids that are still to be revoked, and why they are not. */
  | { readonly type: 'LetGo'; readonly left: readonly string[]; readonly why: string }
  /** Revoke certificates that this object's own replaced. */
  | { readonly type: 'RevokeSuperseded'; readonly entries: readonly Superseded[] }
  /** Revoke certificates that were issued a second time for keys of this object. */
  | { readonly type: 'RevokeTwins'; readonly twins: readonly Twin[] }
  /** Revoke what is noted, then delete the pending Secret. */
  | { readonly type: 'Revoke'; readonly pending: Pending }
  /** Delete the pending Secret: nothing of it is left to find. */
  | { readonly type: 'Discard'; readonly pending: Pending; readonly why: string };

export interface Refusal {
  readonly type: 'Refuse';
  readonly reason: RefusalReason | FailureReason;
  readonly message: string;
  /** Ms until it is worth looking again when no event wakes us. */
  readonly retryMs?: number;
  readonly alsoFor?: AlsoFor;
}

/** What it stands in line for while it rests for another reason. */
type AlsoFor = Extract<Request, 'revocation'>;

const RESTS = ['Done', 'Refuse', 'Wait', 'AwaitIssuer', 'AwaitTurn'] as const;

/** Actions that end the pass. */
export type Rest = Extract<Action, { readonly type: (typeof RESTS)[number] }>;
/** Actions that change something. */
export type Effect = Exclude<Action, Rest>;

export function isRest(action: Action): action is Rest {
  return RESTS.some((type) => type === action.type);
}
