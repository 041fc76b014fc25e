import { copiesOf, othersLeaf } from './leaves.ts';
import { PROPAGATION_MS } from './propagation.ts';
import { readiness } from './readiness.ts';
import { doing, polling, pollMs, waiting } from './steps.ts';
import type { CaFacts, PullsWorld, PullStep, Stored } from './world.ts';

type Check = (world: PullsWorld, stored: Stored) => PullStep | undefined;

/**
 * A CA is replaced so: the new one is published beside the old one; when origins accept it, a leaf of it takes the
 * old leaf's place; when that has gone everywhere, the old CA goes. In three parts, between which leaves are kept in
 * order.
 */
export const rotateCa: {
  readonly early: readonly Check[];
  readonly begin: readonly Check[];
  readonly finish: readonly Check[];
} = {
  early: [unwantedNextCa, unusedCa, staleCa],
  begin: [oldCertificates, acceptedCa],
  finish: [waitingCa],
};

/** The CA that is to come is not the one wanted any more, and nothing of it has been uploaded. */
function unwantedNextCa(world: PullsWorld, stored: Stored): PullStep | undefined {
  const { nextCa, ca } = stored;
  if (nextCa === undefined || isInUse(world, stored, nextCa) || isWanted(world, nextCa)) return undefined;
  if (!isWanted(world, ca)) return addCa('Another CA is wanted than the one that was to come.');
  return doing('Rotating', 'The CA stays as it was: the one that was to come is dropped.', {
    do: 'DropNextCa',
  });
}

/** Nothing of the CA was ever presented: there is nobody to be careful of. */
function unusedCa(world: PullsWorld, stored: Stored): PullStep | undefined {
  const { nextCa, ca, presentingSince, leaf } = stored;
  const isUsed = presentingSince !== undefined || isInUse(world, { ...stored, leaf: undefined }, ca);
  if (nextCa === undefined || isUsed || copiesOf(world.cloudflare, leaf).length > 0) return undefined;
  return doing('Rotating', 'The new CA takes the place of one that was never used.', { do: 'PromoteCa' });
}

function staleCa(world: PullsWorld, { ca, nextCa }: Stored): PullStep | undefined {
  if (nextCa !== undefined) return undefined;
  if (!isWanted(world, ca)) return addCa('Another CA is wanted: it is published beside the present one.');
  const isDue = world.now >= ca.notAfter - (ca.notAfter - ca.notBefore) / 10;
  if (world.wantedCa.state !== 'own' || !isDue) return undefined;
  return addCa('The CA is in the last tenth of its life: the next one is made and published beside it.');
}

function addCa(message: string): PullStep {
  return doing('Rotating', message, { do: 'AddCa' });
}

/** A given CA is wanted by what it is, one of our own by whether it can sign. */
function isWanted({ wantedCa }: PullsWorld, { fingerprint, canSign }: CaFacts): boolean {
  return wantedCa.state === 'given' ? wantedCa.ca.fingerprint === fingerprint : canSign;
}

function isInUse({ cloudflare }: PullsWorld, { leaf, nextLeaf }: Stored, { fingerprint }: CaFacts): boolean {
  return (
    leaf?.signer === fingerprint ||
    nextLeaf?.signer === fingerprint ||
    cloudflare.certificates.some(({ signer }) => signer === fingerprint)
  );
}

/** A leaf of the new CA is presented: those of the old CA go, and some time after the last of them the old CA. */
function oldCertificates(world: PullsWorld, stored: Stored): PullStep | undefined {
  const { ca, nextCa, leaf } = stored;
  const isPresented =
    nextCa !== undefined &&
    (leaf?.signer === nextCa.fingerprint || othersLeaf(world, stored, nextCa.fingerprint) !== undefined);
  if (!isPresented) return undefined;
  const [own] = leaf?.signer === ca.fingerprint ? copiesOf(world.cloudflare, leaf) : [];
  if (own !== undefined) {
    const message = `Another cluster presents a client certificate of the new CA: ${own.id}, of the old one, is deleted.`;
    return doing('Rotating', message, { do: 'Delete', id: own.id, failed: false });
  }
  if (world.cloudflare.certificates.some(({ signer }) => signer === ca.fingerprint))
    return polling(
      'Rotating',
      'A client certificate of the old CA is still at Cloudflare.',
      pollMs(world.ages.deploying),
    );
  const leftMs = PROPAGATION_MS - world.ages.oldGone;
  if (leftMs > 0)
    return waiting(
      'Rotating',
      'The old CA is published until no certificate of it is presented anywhere.',
      leftMs,
    );
  return doing('Rotating', 'The new CA has taken the place of the old one.', { do: 'PromoteCa' });
}

function acceptedCa(world: PullsWorld, { nextCa }: Stored): PullStep | undefined {
  if (
    nextCa === undefined ||
    !nextCa.canSign ||
    readiness(world, nextCa.fingerprint, 'Rotating') !== undefined
  )
    return undefined;
  const message = 'Origins accept the new CA: a client certificate of it is made.';
  return doing('Rotating', message, { do: 'MakeLeaf', slot: 'nextLeaf', signer: nextCa.fingerprint });
}

function waitingCa(world: PullsWorld, { nextCa }: Stored): PullStep | undefined {
  return nextCa?.canSign !== true ? undefined : readiness(world, nextCa.fingerprint, 'Rotating');
}
