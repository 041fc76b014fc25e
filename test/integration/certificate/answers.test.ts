import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ANNOTATION } from '../../../src/api/names.ts';
import { CERTIFICATE_VARIANTS, type CertificateVariant } from '../../simulator/protocol.ts';
import { JumpClock } from '../../support/jump-clock.ts';
import { Scene } from '../../support/scene.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { certificatesAt, idIn } from './pairs.ts';

let scene: Scene;
const clock = new JumpClock();
const hostname = (variant: CertificateVariant): string => `${variant.toLowerCase()}.example.com`;
const nameOf = (variant: CertificateVariant): string => variant.toLowerCase();

/** One signed by the other root is as good: edge and readers trust both. */
const WRONG = CERTIFICATE_VARIANTS.filter((variant) => variant !== 'otherAlgorithm');

/** Answers that hold no certificate for the key of the request: what became of the POST is unknown. */
const NOT_OURS: ReadonlySet<CertificateVariant> = new Set<CertificateVariant>([
  'otherKey',
  'empty',
  'garbage',
]);

beforeAll(async () => {
  scene = await Scene.start('answers');
  await scene.createIssuer();
  await scene.startOperator({ clock });
  for (const certificate of WRONG) {
    const fault = { operation: 'createCertificate', hostname: hostname(certificate), certificate } as const;
    await scene.simulator.inject({ ...fault, count: 2 });
    await scene.applyCertificate(nameOf(certificate), { hostnames: [hostname(certificate)] });
  }
});

afterAll(() => scene[Symbol.asyncDispose]());

describe('an answer that is wrong is never written', () => {
  test.each(WRONG)('%s: BadResponse', async (variant) => {
    const { status } = await scene.condition(nameOf(variant), 'Issuing', 'BadResponse', 'False');
    expect(status?.failure).toMatchObject({ reason: 'BadResponse', count: 1 });
    expect(status?.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('False');
    expect(await scene.secret(`${nameOf(variant)}-tls`)).toBeUndefined();
  });

  test.each(WRONG.filter((variant) => !NOT_OURS.has(variant)))(
    '%s: it bears our key, so it is revoked and the key given up, at once',
    async (variant) => {
      await certificatesAt(scene, hostname(variant), { live: 0, revoked: 1 });
      await waitFor(
        'its pending Secret gone',
        async () => {
          const left = (await scene.pendings()).map(
            ({ metadata }) => metadata.annotations?.[ANNOTATION.certificate],
          );
          return !left.includes(nameOf(variant)) || new NotYet(left);
        },
        { timeoutMs: 10_000 },
      );
    },
  );

  test('nothing is posted again before its time, although the key was given up', async () => {
    expect(await scene.posts()).toBe(WRONG.length);
  });

  test('an hour later it is tried again with another key, and counted on', async () => {
    const ahead = 3_600_000;
    await scene.simulator.advance(ahead);
    clock.jump(ahead);
    const { status } = await waitFor(
      'a second try',
      async () => {
        const certificate = await scene.certificate('expired');
        return certificate?.status?.failure?.count === 2 ? certificate : new NotYet(certificate?.status);
      },
      { timeoutMs: 15_000 },
    );
    const failure = status?.failure;
    const delay = Date.parse(failure?.nextTime ?? '') - Date.parse(failure?.lastTime ?? '');
    expect(delay).toBeGreaterThan(1.5 * ahead);
    await certificatesAt(scene, hostname('expired'), { live: 0, revoked: 2 });
  });

  test('the pair that serves stays in place, and Ready stays True', async () => {
    await scene.applyCertificate('serving');
    await scene.condition('serving', 'Ready', 'Issued', 'True');
    const id = idIn(await scene.secret('serving-tls'));
    const fault = { operation: 'createCertificate', hostname: 'example.com' } as const;
    await scene.simulator.inject({ ...fault, certificate: 'otherHostnames' });
    await scene.applyCertificate('serving', {}, { [ANNOTATION.renewRequestedAt]: 'now' });
    await scene.condition('serving', 'Issuing', 'BadResponse', 'False');
    await scene.condition('serving', 'Ready', 'Issued', 'True');
    expect(idIn(await scene.secret('serving-tls'))).toBe(id);
  });
});
