/** Requests that are kept for somebody and not sent yet. */
interface Claim {
  readonly account: string;
  count: number;
}

/** For whom requests are kept: they are its own, whoever else asks before it comes to send them. */
export class Claims {
  readonly #claims = new Map<string, Claim>();
  /** How many are kept for each token. */
  readonly #byAccount = new Map<string, number>();
  #total = 0;

  /** How many are kept for all. */
  get total(): number {
    return this.#total;
  }

  /** How many the asker may send yet. */
  of(asker: string): number {
    return this.#claims.get(asker)?.count ?? 0;
  }

  /** How many will be sent with that token. */
  ofAccount(account: string): number {
    return this.#byAccount.get(account) ?? 0;
  }

  /** Whether its claim is for that token. */
  isFor(asker: string, account: string): boolean {
    return this.#claims.get(asker)?.account === account;
  }

  /** Of two tokens that an asker claims for the first one counts. */
  add(asker: string, account: string, count: number): void {
    const claim = this.#claims.get(asker) ?? { account, count: 0 };
    this.#claims.set(asker, claim);
    this.#change(claim, count);
  }

  use(asker: string, count: number): void {
    const claim = this.#claims.get(asker);
    if (claim) this.#change(claim, -count);
  }

  /** The asker sends no more. */
  drop(asker: string): void {
    const claim = this.#claims.get(asker);
    if (claim) this.#change(claim, -claim.count);
    this.#claims.delete(asker);
  }

  #change(claim: Claim, by: number): void {
    claim.count += by;
    this.#total += by;
    const left = this.ofAccount(claim.account) + by;
    if (left === 0) this.#byAccount.delete(claim.account);
    else this.#byAccount.set(claim.account, left);
  }
}
