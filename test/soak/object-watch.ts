import type { OriginCertificate } from '../../src/api/v1alpha1.ts';
import { type Change, Reflector } from '../../src/kube/reflector.ts';
import { inspectCertificate } from '../../src/pki/inspect.ts';
import { originCertificates } from '../../src/resources.ts';
import { decode } from '../../src/secret-facts.ts';
import type { Journal } from './journal.ts';
import type { Leaks } from './leaks.ts';
import type { Ledger } from './ledger.ts';
import type { Stage } from './stage.ts';
import type { Users } from './users.ts';

/** `status.superseded` is kept to so many at least. */
const KEPT = 5;

/** Reads every state of every OriginCertificate: no replaced certificate may be forgotten, and no key be shown. */
export class ObjectWatch {
  readonly #stage: Stage;
  readonly #users: Users;
  readonly #ledger: Ledger;
  readonly #leaks: Leaks;
  readonly #journal: Journal;
  readonly #reflector: Reflector<OriginCertificate>;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #judged: Promise<void> = Promise.resolve();

  constructor(parts: {
    readonly stage: Stage;
    readonly users: Users;
    readonly ledger: Ledger;
    readonly leaks: Leaks;
    readonly journal: Journal;
  }) {
    this.#stage = parts.stage;
    this.#users = parts.users;
    this.#ledger = parts.ledger;
    this.#leaks = parts.leaks;
    this.#journal = parts.journal;
    this.#reflector = new Reflector<OriginCertificate>({
      client: parts.stage.kube,
      namespace: parts.stage.namespace,
      resource: originCertificates,
      onChange: (change) => {
        this.#judged = this.#judged.then(() => this.#judge(change));
      },
    });
    this.#running = this.#reflector.run(this.#stop.signal);
  }

  get synced(): Promise<void> {
    return this.#reflector.synced;
  }

  /** Resolves once everything seen so far is judged. */
  async settled(): Promise<void> {
    await this.#judged;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.#judged;
  }

  async #judge({ current, previous }: Change<OriginCertificate>): Promise<void> {
    if (current === undefined) return;
    const { name, uid, resourceVersion } = current.metadata;
    this.#leaks.search(`the status of ${name}`, JSON.stringify(current.status ?? {}));
    const kept = current.status?.superseded ?? [];
    const forgotten = (previous?.status?.superseded ?? [])
      .map(({ id }) => id)
      .filter((id) => kept.every((each) => each.id !== id) && current.status?.certificate?.id !== id);
    if (forgotten.length === 0) return;
    const held = new Set((await this.#stage.secrets()).map(({ data }) => idOf(data?.['tls.crt'])));
    const isStripped = await this.#users.made(uid, resourceVersion);
    for (const id of forgotten) {
      if (isStripped) this.#ledger.stripped(id);
      else if (held.has(id))
        continue; // It was about to be replaced, and was not.
      else if (kept.length >= KEPT) this.#ledger.pushedOut(id);
      else this.#journal.violation(`the status of ${name} forgot the replaced certificate ${id}`);
    }
  }
}

function idOf(certificate: string | undefined): string | undefined {
  return inspectCertificate(decode(certificate) ?? '', [])?.id;
}
