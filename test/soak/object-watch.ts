import type { OriginCertificate } from '../../src/api/v1alpha1.ts';
import type { Change } from '../../src/kube/copy.ts';
import { inspectCertificate } from '../../src/pki/inspect.ts';
import { originCertificates } from '../../src/resources.ts';
import { decode } from '../../src/secret-facts.ts';
import { lostMarksOf } from './marks.ts';
import { Judge, type JudgeParts } from './judge.ts';

/** `status.superseded` is kept to so many at least. */
const KEPT = 5;

/** Reads every state of every OriginCertificate: no replaced certificate may be forgotten, and no key be shown. */
export class ObjectWatch extends Judge<OriginCertificate> {
  constructor(parts: JudgeParts) {
    super(parts, originCertificates);
  }

  protected override async judge(change: Change<OriginCertificate>): Promise<void> {
    const { current, previous } = change;
    if (current === undefined) return;
    const isByPeople = await this.parts.users.traces.made(change);
    const name = this.parts.stage.places.slotOf(current.metadata);
    this.parts.leaks.search(`the status of ${name}`, JSON.stringify(current.status ?? {}));
    if (!isByPeople)
      for (const lost of lostMarksOf(change))
        this.parts.journal.violation(`${name} lost a stranger's ${lost}`);
    const kept = current.status?.superseded ?? [];
    const forgotten = (previous?.status?.superseded ?? [])
      .map(({ id }) => id)
      .filter((id) => kept.every((each) => each.id !== id) && current.status?.certificate?.id !== id);
    if (forgotten.length === 0) return;
    const held = new Set((await this.parts.stage.secrets()).map(({ data }) => idOf(data?.['tls.crt'])));
    for (const id of forgotten) {
      if (isByPeople) this.parts.ledger.stripped(id);
      else if (held.has(id))
        continue; // It was about to be replaced, and was not.
      else if (this.parts.ledger.wasDropped(id))
        continue; // It was in use again, which a watch that was cut off may not have seen.
      else if (kept.length >= KEPT) this.parts.ledger.pushedOut(id);
      else this.parts.journal.violation(`the status of ${name} forgot the replaced certificate ${id}`);
    }
  }
}

function idOf(certificate: string | undefined): string | undefined {
  return inspectCertificate(decode(certificate) ?? '', [])?.id;
}
