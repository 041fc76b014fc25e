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
const PLANTED = 1000;
const UNDER_WAY = 5;
/** Two turns that are under way and one before its own, of two requests each, and what a busy machine's delay lets pass. */
const AHEAD = 60;

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.start(['--cloudflare-rate=2', '--cloudflare-burst=4']);
});

afterAll(() => stage[Symbol.asyncDispose]());

test(
  'a tenant with a hundred certificates to issue, and rubbish to be cleared away, does not hold up one of another',
  { timeout: 240_000 },
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
      const ids = Array.from({ length: PLANTED }, (_, id) => id).join(',');
      const annotations = { ...secret.metadata.annotations, [ANNOTATION.revoke]: ids };
      return { ...secret, metadata: { ...secret.metadata, annotations } };
    };
    /** What Cloudflare was asked on behalf of the busy tenant's namespace, in order. */
    const asked = async () =>
      (await scene.simulator.requests()).filter(
        ({ operation }) => operation === 'createCertificate' || operation === 'getCertificate',
      );
    const sent = async (operation: string): Promise<number> =>
      (await asked()).filter((each) => each.operation === operation).length;
    const haveSent = (operation: string): Promise<unknown> =>
      waitFor(
        `some ${operation}`,
        async () => {
          const count = await sent(operation);
          return count >= UNDER_WAY || new NotYet(count);
        },
        { timeoutMs: 90_000 },
      );
    const each = Array.from({ length: CERTIFICATES }, (_, i) => i);
    await Promise.all(each.map((i) => stage.plant(rubbish(randomUUID(), `mine-${i}`))));
    await haveSent('getCertificate'); // Nothing is revoked before a write that was under way must have ended.
    await Promise.all(each.map((i) => stage.ask(`mine-${i}`, { hostnames: [`h${i}.${NAMES.mallory}`] })));
    await haveSent('createCertificate');
    const before = (await asked()).length;
    await scene.applyCertificate('shop', { hostnames: [NAMES.victim], issuerRef: stage.issuerRef });
    const issuedAt = await waitFor(
      'the certificate of the other',
      async () => {
        const all = await scene.issued();
        const found = all.find(({ hostnames }) => hostnames[0] === NAMES.victim);
        return found?.issuedAt ?? new NotYet(all.length);
      },
      { timeoutMs: 90_000 },
    );
    const ahead = (await asked()).filter(({ time }) => time < issuedAt).length - 1 - before;
    console.log(`${ahead} requests of the busy tenant were sent before the certificate of the other`);
    expect(ahead).toBeLessThanOrEqual(AHEAD);
    expect(await sent('createCertificate')).toBeLessThan(CERTIFICATES);
    await scene.settled('shop');
  },
);
