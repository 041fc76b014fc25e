import type { Secret } from '../../src/kube/object.ts';
import { decode } from '../../src/secret-facts.ts';
import type { Journal } from './journal.ts';

/** Where a key or token could stand: any long run of what base64 and tokens are made of. */
const RUN = /[A-Za-z0-9+/=_-]{32,}/g;
/** So much of a key that it is found by chance nowhere else. */
const NEEDLE = 32;

/** Looks for private keys and tokens where none may be: in logs, statuses, events and metrics. */
export class Leaks {
  readonly #needles = new Set<string>();
  readonly #tokens: readonly string[];
  readonly #journal: Journal;
  /** Characters searched so far. */
  searched = 0;

  /** @param tokens grows while the soak runs. */
  constructor(tokens: readonly string[], journal: Journal) {
    this.#tokens = tokens;
    this.#journal = journal;
  }

  /** Takes note of the key of a pair. */
  learn({ data }: Secret): void {
    const encoded = data?.['tls.key'] ?? '';
    // Of the PEM its second line, which no other key shares; of its base64 a piece out of the middle.
    const line = decode(encoded)?.split('\n')[2] ?? '';
    const middle = Math.floor(encoded.length / 2);
    for (const needle of [line.slice(0, NEEDLE), encoded.slice(middle, middle + NEEDLE)])
      if (needle.length === NEEDLE) this.#needles.add(needle);
  }

  search(where: string, text: string): void {
    this.searched += text.length;
    if (text.includes('PRIVATE KEY')) this.#journal.violation(`${where}: shows a private key`);
    for (const token of this.#tokens)
      if (text.includes(token)) this.#journal.violation(`${where}: shows an API token`);
    for (const [run] of text.matchAll(RUN)) {
      for (let at = 0; at + NEEDLE <= run.length; at += 1) {
        if (!this.#needles.has(run.slice(at, at + NEEDLE))) continue;
        this.#journal.violation(`${where}: shows a part of a private key`);
        break;
      }
    }
  }
}
