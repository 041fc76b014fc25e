import type { KubeError } from '../../src/kube/errors.ts';
import type { Secret } from '../../src/kube/object.ts';

/** What a pass asks of the API server. Its body or patch stands for any kind: only Secrets' fields are looked at. */
export type KubeCall =
  | { readonly to: 'kube'; readonly verb: 'get'; readonly plural: string; readonly name: string }
  | { readonly to: 'kube'; readonly verb: 'list' | 'list keepers' }
  | { readonly to: 'kube'; readonly verb: 'create'; readonly body: Secret }
  | {
      readonly to: 'kube';
      readonly verb: 'apply';
      readonly plural: string;
      readonly body: Secret & { readonly status?: object };
      readonly dryRun: boolean;
    }
  | {
      readonly to: 'kube';
      readonly verb: 'patch';
      readonly plural: string;
      readonly name: string;
      readonly patch: Secret;
    }
  | {
      readonly to: 'kube';
      readonly verb: 'delete';
      readonly name: string;
      readonly uid: string | undefined;
      readonly resourceVersion: string | undefined;
    };

/** What a pass asks of Cloudflare. A request for a certificate bears the key itself. */
export type CloudflareCall =
  | {
      readonly to: 'cloudflare';
      readonly verb: 'post';
      readonly key: string;
      readonly hostnames: readonly string[];
      readonly days: number;
    }
  | { readonly to: 'cloudflare'; readonly verb: 'listing' }
  | { readonly to: 'cloudflare'; readonly verb: 'read'; readonly id: string }
  | { readonly to: 'cloudflare'; readonly verb: 'revoke'; readonly id: string };

/** A request, and when it was sent, ms since the epoch. */
export type Call = (KubeCall | CloudflareCall) & { readonly sentAt: number };

/** What a pass hears: a result, or the kind of error that is thrown. */
export type Answer =
  | { readonly ok: unknown }
  | { readonly kube: KubeError['kind'] }
  | { readonly cloudflare: 'CloudflareUnavailable' | 'NotFound' | 'RateLimited'; readonly definite: boolean };
