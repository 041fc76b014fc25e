import { ANNOTATION, PENDING_SECRET_TYPE } from '../../src/api/names.ts';
import type { Secret } from '../../src/kube/object.ts';
import type { Change } from '../../src/kube/copy.ts';
import { secrets } from '../../src/kube/resource.ts';
import { inspectPair, type PairFacts } from '../../src/pki/inspect.ts';
import { privateKeyDigest } from '../../src/pki/keys.ts';
import { decode } from '../../src/secret-facts.ts';
import { Judge, type JudgeParts } from './judge.ts';
import { lostMarksOf } from './marks.ts';
import { isServing } from './serving.ts';
import { wrongsStranger } from './take-over.ts';
import { isAskedFor, ownerOf } from './wish.ts';

/**
 * Reads every state of every Secret, as Ingress controllers do: no pair may ever go or be replaced by something worse,
 * unless people did that. What people took out of Secrets goes into the ledger.
 */
export class SecretWatch extends Judge<Secret> {
  /** uids of Secrets that the operator took over. */
  readonly adopted = new Set<string>();

  constructor(parts: JudgeParts) {
    super(parts, secrets);
  }

  protected override async judge(change: Change<Secret>): Promise<void> {
    const { current, previous } = change;
    const secret = current ?? previous;
    if (secret === undefined) return;
    this.parts.leaks.learn(secret);
    if (noteOf(current, ANNOTATION.adopted) !== '') this.adopted.add(secret.metadata.uid ?? '');
    if (secret.type === PENDING_SECRET_TYPE) return this.#judgePending(change);
    if (!isServing(secret) && !(previous && isServing(previous))) return;
    const byPeople = await this.#isByPeople(change);
    if (!byPeople) this.#judgeStrangers(change);
    const before = this.#pairOf(previous);
    const now = this.#pairOf(current);
    if (now.state === 'Matching')
      this.parts.ledger.served(now.certificate.id, noteOf(current, ANNOTATION.issuedFor));
    if (byPeople) return this.#noteLoss(current, previous);
    if (previous === undefined || !this.#isGood(before, previous)) return;
    const problem =
      current === undefined ? await this.#problemOfDeletion(previous) : this.#problemOfPair(current, now);
    if (problem !== undefined)
      this.parts.journal.violation(`Secret ${previous.metadata.name ?? ''} held a good pair: ${problem}`);
  }

  #problemOfPair(secret: Secret, pair: PairFacts): string | undefined {
    if (noteOf(secret, ANNOTATION.adopted) !== '' && (secret.metadata.ownerReferences?.length ?? 0) > 0)
      return 'it was adopted, and now it has an owner, with which it would go';
    if (pair.state !== 'Matching') return pair.problem;
    const { issuer, hostnames, notAfter } = pair.certificate;
    return this.#isGood(pair, secret)
      ? undefined
      : `now it holds one by ${issuer} for ${hostnames.join(', ')} until ${new Date(notAfter).toISOString()}`;
  }

  async #problemOfDeletion(previous: Secret): Promise<string | undefined> {
    return (await this.#isCollected(previous)) ? undefined : 'it was deleted';
  }

  #pairOf(secret: Secret | undefined): PairFacts {
    const text = (key: string): string => decode(secret?.data?.[key]) ?? '';
    return inspectPair(text('tls.crt'), text('tls.key'), this.parts.stage.roots);
  }

  async #judgePending(change: Change<Secret>): Promise<void> {
    const { current, previous } = change;
    if (!(await this.#isByPeople(change))) this.#judgeStrangers(change);
    const digest = privateKeyDigest(decode((current ?? previous)?.data?.['tls.key']) ?? '');
    if (digest === undefined) return;
    this.parts.ledger.pendingKey(digest);
    if (current === undefined && (await this.parts.users.traces.deleted(previous?.metadata.uid ?? '')))
      this.parts.ledger.pendingDeleted(digest);
  }

  /** What is not the operator's is not touched. */
  #judgeStrangers(change: Change<Secret>): void {
    const { journal, users, stage } = this.parts;
    const { current, previous } = change;
    if (previous === undefined) return;
    const name = `Secret ${previous.metadata.name ?? ''}`;
    const adopts = users.adopting.has(this.#slotOf(previous));
    if (wrongsStranger(change, { adopts, roots: stage.roots }))
      journal.violation(`${name} is a stranger's, and was ${current ? 'written' : 'deleted'}`);
    for (const lost of lostMarksOf(change)) journal.violation(`${name} lost a stranger's ${lost}`);
  }

  async #isByPeople(change: Change<Secret>): Promise<boolean> {
    const { users } = this.parts;
    return change.current === undefined
      ? users.traces.deleted(change.previous?.metadata.uid ?? '')
      : users.traces.made(change);
  }

  /** With `secretDeletionPolicy: Delete` a Secret goes with its object. */
  async #isCollected({ metadata }: Secret): Promise<boolean> {
    const owners = metadata.ownerReferences ?? [];
    const deleted = await Promise.all(owners.map(({ uid }) => this.parts.users.traces.deleted(uid)));
    return deleted.includes(true) || this.parts.users.mayGo(this.#slotOf({ metadata }));
  }

  /** What only this state of the Secret knew is gone: its certificate, and the one that it replaced. */
  #noteLoss(current: Secret | undefined, previous: Secret | undefined): void {
    const before = this.#pairOf(previous);
    const now = this.#pairOf(current);
    const id = 'certificate' in before ? before.certificate?.id : undefined;
    const isSame = now.state === 'Matching' && now.certificate.id === id;
    const isNoted =
      noteOf(current, ANNOTATION.previousCertificateId) ===
      noteOf(previous, ANNOTATION.previousCertificateId);
    if (isSame && isNoted) return;
    for (const lost of [id ?? '', noteOf(previous, ANNOTATION.previousCertificateId)])
      this.parts.ledger.dropped(lost);
  }

  /** It serves those who asked for it; whether they ask for other names by now does not count. */
  #isGood(pair: PairFacts, secret: Secret): boolean {
    if (pair.state !== 'Matching') return false;
    const { trusted, notAfter, hostnames } = pair.certificate;
    return trusted && notAfter > Date.now() && isAskedFor(this.#slotOf(secret), hostnames);
  }

  #slotOf(secret: Pick<Secret, 'metadata'>): string {
    return this.parts.stage.places.slotOf({
      namespace: secret.metadata.namespace,
      name: secret.metadata.annotations?.[ANNOTATION.certificate] ?? ownerOf(secret.metadata.name ?? ''),
    });
  }
}

function noteOf(secret: Secret | undefined, name: string): string {
  return secret?.metadata.annotations?.[name] ?? '';
}
