import type { ApiToken } from '../cloudflare/token.ts';
import type { TokenState, Zone } from '../cloudflare/results.ts';
import type { Want } from '../cloudflare/turns.ts';
import type { TokenRead } from '../token-secret.ts';
import type { Issuer } from './subject.ts';

/** What `decide` looks at. */
export interface IssuerWorld {
  /** Milliseconds of the monotonic clock. */
  readonly now: number;
  /** Undefined when it is gone. */
  readonly issuer: Issuer | undefined;
  readonly token: TokenRead;
  /** The last check, by this process. */
  readonly last: CheckMemory | undefined;
  /** What a check would ask, and whether the request budget grants it now. */
  readonly want: Want;
  readonly isTurn: boolean;
}

export interface CheckMemory {
  /** What was checked: another object, generation or token is worth another check at once. */
  readonly scope: string;
  readonly result: CheckResult;
  /** Checks in a row that ended like this one. */
  readonly count: number;
  /** Monotonic ms. */
  readonly checkedAt: number;
  /** Monotonic ms: when the next check is due. */
  readonly nextAt: number;
}

export type CheckResult =
  | {
      readonly outcome: 'passed';
      readonly token: TokenState | undefined;
      readonly zones: readonly Zone[];
    }
  /** Cloudflare said no: only a person can change that. */
  | { readonly outcome: 'refused'; readonly reason: RefusedReason; readonly message: string }
  /** Nobody said anything: the last verdict stands. */
  | {
      readonly outcome: 'unavailable';
      readonly reason: 'CloudflareUnavailable' | 'RateLimited';
      readonly message: string;
      /** Ms since the epoch. */
      readonly since: number;
      /** What kind of trouble it is; the message of each failure differs by its Ray ID. */
      readonly trouble: string;
      /** This process saw another token before, or none: no verdict is on this one. */
      readonly isNewToken?: boolean;
    };

export type RefusedReason = 'CredentialsInvalid' | 'PermissionMissing';

export type IssuerAction =
  /** The object is gone: forget its session. */
  | { readonly type: 'Forget' }
  /** There is no token to check. */
  | {
      readonly type: 'Refuse';
      readonly reason: 'CredentialsMissing' | 'CredentialsInvalid';
      readonly message: string;
    }
  /** A check is due: it is called when it is its turn. */
  | { readonly type: 'AwaitTurn'; readonly want: Want; readonly digest: string }
  | { readonly type: 'Check'; readonly token: ApiToken; readonly scope: string }
  /** The last check stands. */
  | { readonly type: 'Keep'; readonly last: CheckMemory };
