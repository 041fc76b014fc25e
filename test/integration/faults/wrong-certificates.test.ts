import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ANNOTATION } from '../../../src/api/names.ts';
import { CERTIFICATE_VARIANTS, type CertificateVariant } from '../../simulator/protocol.ts';
import { certificatesAt, idIn } from '../certificate/pairs.ts';
import type { Shown } from './seen.ts';
import { tooEarly, Trials } from './trials.ts';

interface Row {
  readonly name: string;
  readonly variant: CertificateVariant;
  readonly shown: readonly Shown[];
  /** At the end: one is good. The others that live are for keys of nobody here, and not ours to revoke. */
  readonly held: { readonly live: number; readonly revoked: number };
}

const HOUR_MS = 3_600_000;
const LOST: Shown = ['CloudflareUnavailable', 5000];
const WRONG: Shown = ['BadResponse', HOUR_MS];
const WRONG_AGAIN: Shown = ['BadResponse', 2 * HOUR_MS];

/** One signed by the other root is as good: edge and readers trust both. */
const isGood = (variant: CertificateVariant): boolean => variant === 'otherAlgorithm';

/** Answers that hold no certificate for the key of the request: what became of the POST is unknown. */
const NOT_OURS: ReadonlySet<CertificateVariant> = new Set<CertificateVariant>([
  'otherKey',
  'otherKeyKind',
  'empty',
  'garbage',
]);

/** Twice in a row. */
const answered = (variant: CertificateVariant): Row => ({
  name: `answered-${variant.toLowerCase()}`,
  variant,
  shown: isGood(variant) ? [] : [WRONG, WRONG_AGAIN],
  held: isGood(variant)
    ? { live: 1, revoked: 0 }
    : NOT_OURS.has(variant)
      ? { live: 3, revoked: 0 }
      : { live: 1, revoked: 2 },
});

/** Once, with its answer lost. */
const found = (variant: CertificateVariant): Row => ({
  name: `found-${variant.toLowerCase()}`,
  variant,
  shown: isGood(variant) || NOT_OURS.has(variant) ? [LOST] : [LOST, WRONG],
  held: isGood(variant)
    ? { live: 1, revoked: 0 }
    : NOT_OURS.has(variant)
      ? { live: 2, revoked: 0 }
      : { live: 1, revoked: 1 },
});

const ANSWERED = CERTIFICATE_VARIANTS.map(answered);
const FOUND = CERTIFICATE_VARIANTS.map(found);
const ROWS = [...ANSWERED, ...FOUND];

let trials: Trials;

const firstOf = (count: number): ReadonlyMap<string, number> =>
  new Map(ROWS.map(({ name, shown }) => [name, Math.min(shown.length, count)]));

beforeAll(async () => {
  trials = await Trials.start('faults-wrong');
  const operation = 'createCertificate';
  await trials.begin([
    ...ANSWERED.map(({ name, variant }) => ({
      name,
      faults: [{ operation, certificate: variant, count: isGood(variant) ? 1 : 2 } as const],
    })),
    ...FOUND.map(({ name, variant }) => ({
      name,
      faults: [{ operation, certificate: variant, resetAfter: true } as const],
    })),
    { name: 'serving', faults: [] },
  ]);
  await trials.haveFailed(firstOf(1));
  await trials.haveFailed(new Map(FOUND.map(({ name, shown }) => [name, shown.length])));
  // One that bears our key is revoked at once, although the next try has to wait.
  for (const { name, held } of ANSWERED.filter((row) => row.held.revoked > 0))
    await certificatesAt(trials.scene, `${name}.example.com`, { live: 0, revoked: held.revoked / 2 });
  await trials.jump(HOUR_MS + 1000);
  await trials.haveFailed(firstOf(2));
  await trials.jump(2 * HOUR_MS + 1000);
  await trials.end();
}, 400_000);

afterAll(async () => {
  console.log(
    `${CERTIFICATE_VARIANTS.length} answers other than asked for, each given and each found; ${await trials.figures()}`,
  );
  await trials[Symbol.asyncDispose]();
});

describe('a certificate that is not what was asked for', () => {
  test.each(ROWS)('$name: shows $shown, and $held are there at the end', async ({ name, shown, held }) => {
    const seen = trials.of(name);
    expect(seen.shown).toEqual(shown);
    expect([...seen.bad]).toEqual([]);
    expect(seen.written.size).toBe(1);
    expect(await trials.held(name)).toEqual(held);
    const posts = await trials.timesOf(name, 'createCertificate');
    expect(posts).toHaveLength(held.live + held.revoked);
    const waited = shown.filter(([reason]) => posts.length > 1 && reason === 'BadResponse');
    expect(
      tooEarly(
        name.startsWith('found') ? posts.slice(-2) : posts,
        waited.map(([, ms]) => ms),
      ),
    ).toEqual([]);
  });

  test('leaves the pair that serves in place, and Ready True', async () => {
    const { scene } = trials;
    const id = idIn(await scene.secret('serving-tls'));
    const fault = { operation: 'createCertificate', hostname: 'serving.example.com' } as const;
    await scene.simulator.inject({ ...fault, certificate: 'otherHostnames' });
    const issuerRef = { kind: 'OriginIssuer', name: 'serving' } as const;
    const spec = { hostnames: ['serving.example.com'], issuerRef };
    await scene.applyCertificate('serving', spec, { [ANNOTATION.renewRequestedAt]: 'now' });
    await scene.condition('serving', 'Issuing', 'BadResponse', 'False');
    await scene.condition('serving', 'Ready', 'Issued', 'True');
    expect(idIn(await scene.secret('serving-tls'))).toBe(id);
  });
});
