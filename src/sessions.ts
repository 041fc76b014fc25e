import type { CloudflareClient } from './cloudflare/client.ts';
import type { ListingBoard } from './cloudflare/listings.ts';
import type { Zone } from './cloudflare/results.ts';

/** Names an issuer of either kind; `namespace` is empty for the cluster kind. */
export interface IssuerKey {
  readonly kind: 'OriginIssuer' | 'ClusterOriginIssuer';
  readonly namespace: string;
  readonly name: string;
}

/**
 * What is known of an issuer at run time: its token's client and what the last check found. Written by the issuer
 * controller, read by the certificate controller, kept in memory only and rebuilt by the check at start.
 */
export interface IssuerSession {
  readonly key: IssuerKey;
  readonly uid: string;
  /** True after a check that found all in order; false after a definite refusal; undefined before either. */
  readonly ready: boolean | undefined;
  /** Why it is not ready, for the message of those who wait for it. */
  readonly message: string;
  /** Where its token comes from, as its certificates may know it. */
  readonly source: string;
  /** Absent until a token was read. */
  readonly client: CloudflareClient | undefined;
  readonly listings: ListingBoard | undefined;
  /** Changes when the token does: an attempt that failed with the old one is worth another. */
  readonly tokenDigest: string;
  readonly zones: readonly Zone[];
  /** Monotonic ms when the listing that `zones` came from began; minus infinity before the first. */
  readonly zonesListedMs: number;
  /** For whoever misses a zone: lists them anew, at most once a minute, and says whether it did. */
  readonly refreshZones: (asker: ZoneAsker, signal: AbortSignal) => Promise<ZoneAnswer>;
}

/** Who misses a zone. */
export interface ZoneAsker {
  /** The object and its generation: another wish is another question. */
  readonly id: string;
  /** Called when it was told to wait and should ask again. */
  readonly wake: () => void;
}

/** What is known of the zones for somebody who missed one. */
export type ZoneAnswer =
  /** Listed for the asker, or a few seconds before it asked: what is not in it is not there. */
  | { readonly zones: readonly Zone[]; readonly fresh: true }
  | {
      /** An earlier list, which says nothing of what was added since. */
      readonly zones: readonly Zone[];
      readonly fresh: false;
      /** Until they are listed anew, and the asker is woken. */
      readonly retryMs: number;
      /** Why the last try failed, if it did. */
      readonly problem: string | undefined;
    };

export class IssuerSessions {
  readonly #sessions = new Map<string, IssuerSession>();
  readonly #onChange: (key: IssuerKey) => void;

  /** @param onChange called when something changed that certificates of the issuer may have waited for. */
  constructor(onChange: (key: IssuerKey) => void) {
    this.#onChange = onChange;
  }

  get(key: IssuerKey): IssuerSession | undefined {
    return this.#sessions.get(issuerText(key));
  }

  set(session: IssuerSession): void {
    const before = this.#sessions.get(issuerText(session.key));
    this.#sessions.set(issuerText(session.key), session);
    if (before === undefined || isNews(before, session)) this.#onChange(session.key);
  }

  delete(key: IssuerKey): void {
    if (this.#sessions.delete(issuerText(key))) this.#onChange(key);
  }

  list(): IssuerSession[] {
    return [...this.#sessions.values()];
  }
}

/** An issuer's queue key. */
export function issuerText({ kind, namespace, name }: IssuerKey): string {
  return `${kind}/${namespace}/${name}`;
}

/** Whether a queue key is an issuer's: no namespace, which those of others begin with, has a name in capitals. */
export function isIssuerText(text: string): boolean {
  return text.startsWith('OriginIssuer/') || text.startsWith('ClusterOriginIssuer/');
}

/** The inverse of `issuerText`. */
export function parseIssuer(text: string): IssuerKey {
  const [kind, namespace = '', name = ''] = text.split('/');
  return { kind: kind === 'ClusterOriginIssuer' ? kind : 'OriginIssuer', namespace, name };
}

function isNews(before: IssuerSession, after: IssuerSession): boolean {
  const zonesOf = (session: IssuerSession): string =>
    session.zones
      .map(({ id, name, status }) => `${id} ${name} ${status}`)
      .toSorted()
      .join('\n');
  return (
    before.ready !== after.ready ||
    before.uid !== after.uid ||
    before.tokenDigest !== after.tokenDigest ||
    zonesOf(before) !== zonesOf(after)
  );
}
