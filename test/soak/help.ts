import { siteSlot } from './site.ts';
import type { Stage } from './stage.ts';
import type { Users } from './users.ts';
import { awake, ISSUERS, secretNameOf, type Wish } from './wish.ts';

type Helped = Pick<Stage, 'sites' | 'zone' | 'deleteZone' | 'applyZone' | 'renewSite'> & {
  readonly issuers: Pick<Stage['issuers'], 'replaceToken' | 'apply'>;
};

/** Between two helps for the same object: each begins its work anew. */
const AGAIN_MS = 20_000;

/**
 * Refusals for a Secret that is in the way: somebody's own, or an Opaque one that was taken over and has lost the
 * annotation which lets the operator write it.
 */
const IN_THE_WAY = ['SecretNotManaged', 'AdoptRefused', 'SecretWriteRefused'];

/** What refusals ask of people: good tokens, and for those that wait for long a new request. */
export class Help {
  readonly #stage: Helped;
  readonly #users: Pick<Users, 'wishes' | 'run' | 'wish'>;
  readonly #nowMs: () => number;
  readonly #helpedMs = new Map<string, number>();

  constructor(
    stage: Helped,
    users: Pick<Users, 'wishes' | 'run' | 'wish'>,
    nowMs = (): number => performance.now(),
  ) {
    this.#stage = stage;
    this.#users = users;
    this.#nowMs = nowMs;
  }

  /** Whatever was refused. */
  async all(): Promise<void> {
    const { issuers, sites } = this.#stage;
    for (let issuer = 0; issuer < ISSUERS; issuer += 1) {
      await issuers.replaceToken(issuer);
      await issuers.apply(issuer, 1);
    }
    for (const site of sites) {
      // Under a mode without TLS the new object would wait for that, and look again only after a quarter of an hour.
      site.origin.demand(undefined);
      if ((await this.#stage.zone(site)) !== undefined) await this.#stage.deleteZone(site);
      await this.#stage.applyZone(site);
    }
  }

  /** What is refused now, by slot; a refusal may come, and come back, after all were helped. */
  async refused(refusals: ReadonlyMap<string, string>): Promise<void> {
    for (const [slot, refusal] of refusals) {
      const sinceMs = this.#nowMs() - (this.#helpedMs.get(slot) ?? Number.NEGATIVE_INFINITY);
      if (sinceMs < AGAIN_MS) continue;
      const wish = this.#users.wishes.get(slot);
      if (wish !== undefined) await this.#object(slot, wish, refusal);
      for (const site of this.#stage.sites)
        if (siteSlot(site) === slot) await this.#stage.renewSite(site, Date.now());
      this.#helpedMs.set(slot, this.#nowMs());
    }
  }

  /** A new request; and a Secret that is in the way goes. */
  async #object(slot: string, wish: Wish, refusal: string): Promise<void> {
    if (IN_THE_WAY.includes(refusal)) {
      const secret = secretNameOf(slot, wish);
      await this.#users.run({ kind: 'damage', slot, secret, how: 'delete', other: secret });
    }
    await this.#users.wish(slot, { ...awake(wish), renewal: wish.renewal + 1 });
  }
}
