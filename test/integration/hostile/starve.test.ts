import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ANNOTATION } from '../../../src/api/names.ts';
import { pendingSecret } from '../../../src/certificate/pending.ts';
import type { Secret } from '../../../src/kube/object.ts';
import { createCsr } from '../../../src/pki/csr.ts';
import { DEFAULT_KEY, generateKey } from '../../../src/pki/keys.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { NAMES, Stage } from './stage.ts';

const CERTIFICATES = 100;
/** What is under way when the other tenant comes, and a few that meet in the same moment. */
const AHEAD = 40;

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.start(['--cloudflare-rate=4', '--cloudflare-burst=4']);
});

afterAll(() => stage[Symbol.asyncDispose]());

test(
  'a tenant with a hundred certificates to issue, and rubbish to be cleared away, does not hold up one of another',
  { timeout: 120_000 },
  async () => {
    const { scene } = stage;
    const { keys, privateKeyPem } = await generateKey(DEFAULT_KEY);
    const csr = await createCsr(keys, DEFAULT_KEY, [NAMES.mallory]);
    const need = {
      hostnames: [NAMES.mallory],
      algorithm: 'ECDSA',
      size: 256,
      validityDays: 90,
      issuer: stage.issuerRef,
    };
    const parts = {
      privateKeyPem,
      csr,
      need,
      issuerUid: '',
      requests: { renew: '', rekey: '' },
      replaces: '',
      postedAt: '',
    };
    /** An unfinished issuance of nobody, with a thousand certificates to be revoked, each a question to Cloudflare. */
    const rubbish = (uid: string, certificateName: string): Secret => {
      const secret = pendingSecret({
        ...parts,
        namespace: stage.mallory.namespace,
        certificateName,
        certificateUid: uid,
      });
      const ids = Array.from({ length: 1000 }, (_, id) => id).join(',');
      const annotations = { ...secret.metadata.annotations, [ANNOTATION.revoke]: ids };
      return { ...secret, metadata: { ...secret.metadata, annotations } };
    };
    await Promise.all(
      Array.from({ length: CERTIFICATES }, async (_, i) => {
        await stage.ask(`mine-${i}`, { hostnames: [`h${i}.${NAMES.mallory}`] });
        await stage.plant(rubbish(randomUUID(), `mine-${i}`));
      }),
    );
    const mallorys = async (): Promise<number> =>
      (await scene.issued()).filter(({ hostnames }) => hostnames[0] !== NAMES.victim).length;
    await waitFor(
      'some of them issued',
      async () => (await mallorys()) >= 5 || new NotYet(await mallorys()),
      {
        timeoutMs: 40_000,
      },
    );
    const before = await mallorys();
    await scene.applyCertificate('shop', { hostnames: [NAMES.victim], issuerRef: stage.issuerRef });
    const between = await waitFor(
      'the certificate of the other',
      async () => {
        const all = await scene.issued();
        const isThere = all.some(({ hostnames }) => hostnames[0] === NAMES.victim);
        return isThere ? { ahead: all.length - 1 - before } : new NotYet(all.length);
      },
      { timeoutMs: 40_000 },
    );
    console.log(`${between.ahead} certificates of the busy tenant were issued before the one of the other`);
    expect(between.ahead).toBeLessThanOrEqual(AHEAD);
    expect(before + between.ahead).toBeLessThan(CERTIFICATES);
    await scene.settled('shop');
  },
);
