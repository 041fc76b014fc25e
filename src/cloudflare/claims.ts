/** Requests that are paid for and not sent yet. */
interface Claim {
  readonly account: string;
  count: number;
}

/** Who has been promised requests: they are its own, whoever else asks before it comes to send them. */
export class Claims {
  readonly #claims = new Map<string, Claim>();

  /** Requests that the asker may send yet. */
  of(asker: string): number {
    return this.#claims.get(asker)?.count ?? 0;
  }

  /** The token with which its claim was made; undefined when it has none. */
  accountOf(asker: string): string | undefined {
    return this.#claims.get(asker)?.account;
  }

  /** Requests that will be sent with that token. */
  ofAccount(account: string): number {
    let count = 0;
    for (const claim of this.#claims.values()) if (claim.account === account) count += claim.count;
    return count;
  }

  add(asker: string, account: string, count: number): void {
    this.#claims.set(asker, { account, count: this.of(asker) + count });
  }

  use(asker: string, count: number): void {
    const claim = this.#claims.get(asker);
    if (claim) claim.count -= count;
  }

  /** The asker sends no more: what it had left, and with which token. */
  drop(asker: string): Readonly<Claim> | undefined {
    const claim = this.#claims.get(asker);
    this.#claims.delete(asker);
    return claim;
  }
}
