import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { ANNOTATION, PENDING_SECRET_TYPE } from '../../../src/api/names.ts';
import { isRest } from '../../../src/certificate/action.ts';
import { conditionsOf } from '../../../src/certificate/conditions.ts';
import { decide } from '../../../src/certificate/decide.ts';
import { parseNeed } from '../../../src/certificate/need.ts';
import { pendingSecret, readPending } from '../../../src/certificate/pending.ts';
import {
  damagedAnnotations,
  recordAnnotations as written,
  repairedRecord,
  requestsOf,
} from '../../../src/certificate/record.ts';
import { isLiving } from '../../../src/certificate/world.ts';
import type { Secret } from '../../../src/kube/object.ts';
import { encode, keeperOf, secretFacts, type TrustedRoots } from '../../../src/secret-facts.ts';
import { anyText, fuzz } from '../../support/fuzz.ts';
import { originRoots, signedBy } from '../../support/signed.ts';
import { certificateFacts, originCertificate, pendingOf, targetFacts, worldOf } from './fixtures.ts';

let roots: TrustedRoots;
let pair: Awaited<ReturnType<typeof signedBy>>;

beforeAll(async () => {
  const made = await originRoots();
  roots = made.roots;
  pair = await signedBy(made.ca);
});

/** JSON of about the right shape, and anything. */
const anyJson = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value)),
  fc
    .record(
      {
        hostnames: fc.array(fc.oneof(fc.constantFrom('example.com', '*.example.com', 7), anyText), {
          maxLength: 5,
        }),
        algorithm: fc.oneof(fc.constantFrom('RSA', 'ECDSA'), anyText),
        size: fc.oneof(fc.integer(), anyText),
        validityDays: fc.double(),
        issuer: fc.record({ kind: fc.constantFrom('OriginIssuer', 'Secret'), name: anyText, uid: anyText }),
        __proto__: anyText,
      },
      { requiredKeys: [] },
    )
    .map((value) => JSON.stringify(value)),
);

/** What whoever may write Secrets can put where the operator keeps its notes. */
const annotations = fc.dictionary(
  fc.constantFrom(...Object.values<string>(ANNOTATION), 'kubectl.kubernetes.io/last-applied-configuration'),
  fc.oneof(anyText, anyJson, fc.constantFrom('web', 'uid-1', '1001', '1001,1002', '2026-11-21T12:00:00Z')),
);

const data = fc.record(
  {
    'tls.crt': fc.oneof(anyText, fc.constant(0)),
    'tls.key': fc.oneof(anyText, fc.constant(0)),
    'tls.csr': anyText,
    'ca.crt': anyText,
  },
  { requiredKeys: [] },
);

const anySecret = fc.record({
  annotations,
  data,
  type: fc.constantFrom(PENDING_SECRET_TYPE, 'Opaque', 'kubernetes.io/tls'),
});

/** 0 stands for the good pair. */
function secretOf({
  annotations: notes,
  data: values,
  type,
}: typeof anySecret extends fc.Arbitrary<infer T> ? T : never): Secret {
  const good: Record<string, string> = { 'tls.crt': pair.certificate, 'tls.key': pair.privateKey };
  return {
    metadata: { name: 'web-tls', namespace: 'shop', uid: 'u', resourceVersion: '1', annotations: notes },
    type,
    data: Object.fromEntries(
      Object.entries(values).map(([key, value]) => [
        key,
        typeof value === 'string' ? encode(value) : encode(good[key] ?? ''),
      ]),
    ),
  };
}

describe('a Secret with anything in it', () => {
  test('is decided on, and what is said of it fits into a status', () => {
    fc.assert(
      fc.property(anySecret, anySecret, annotations, (one, other, asked) => {
        const target = secretFacts(secretOf(one), roots);
        const pending = readPending(secretFacts(secretOf(other), roots));
        const certificate = originCertificate({}, { annotations: asked });
        for (const world of [
          worldOf({ certificate, target, pending }),
          worldOf({ certificate, target, holder: { kind: 'foreign' }, formers: [target] }),
          worldOf({ certificate: undefined, target: undefined, pending }),
        ]) {
          const action = decide(world);
          const conditions = isLiving(world) && isRest(action) ? conditionsOf(world, action, 0) : [];
          for (const { message } of conditions) {
            expect(message.length).toBeLessThanOrEqual(8001);
            // oxlint-disable-next-line no-control-regex -- the point is that there is none
            expect(message).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
          }
        }
      }),
      fuzz(300),
    );
  });

  test('has a record that is mended in one go', () => {
    fc.assert(
      fc.property(annotations, annotations, (notes, asked) => {
        const facts = certificateFacts();
        const requests = requestsOf(asked);
        const target = targetFacts({ annotations: notes });
        const record = repairedRecord(target, facts, 'web', requests);
        const mended = targetFacts({ annotations: { ...notes, ...Object.fromEntries(wanted(record)) } });
        expect(damagedAnnotations(mended, repairedRecord(mended, facts, 'web', requests))).toEqual([]);
      }),
      fuzz(300),
    );
  });

  /** What the next write would put there. */
  function wanted(record: Parameters<typeof damagedAnnotations>[1]): [string, string][] {
    const empty = targetFacts({ annotations: {} });
    const names = damagedAnnotations(empty, record);
    return names.map((name) => [name, written(record)[name] ?? '']);
  }
});

describe('a planted pending Secret', () => {
  const made = pendingSecret({
    namespace: 'shop',
    certificateName: 'web',
    certificateUid: 'uid-1',
    privateKeyPem: '',
    csr: '',
    need: {
      hostnames: ['example.com'],
      algorithm: 'ECDSA',
      size: 256,
      validityDays: 90,
      issuer: { kind: 'OriginIssuer', name: 'cloudflare' },
    },
    issuerUid: '',
    requests: { renew: '', rekey: '' },
    replaces: '',
    postedAt: '',
  });
  const planted = (change: Record<string, string>) => {
    const { metadata } = made;
    return readPending(
      secretFacts(
        { ...made, metadata: { ...metadata, annotations: { ...metadata.annotations, ...change } } },
        roots,
      ),
    );
  };

  test('with ten thousand ids has few of them looked at, each a request', () => {
    const ids = Array.from({ length: 10_000 }, (_, i) => String(i)).join(',');
    expect(planted({ [ANNOTATION.revoke]: ids }).revoke).toHaveLength(20);
    expect(planted({ [ANNOTATION.revoke]: '9'.repeat(50) }).revoke).toEqual([]);
    expect(planted({ [ANNOTATION.revoke]: '9'.repeat(49) }).revoke).toHaveLength(1);
  });

  test('with names that nothing can have speaks of nobody', () => {
    const name = 'web\n\u001b[31mERROR all is lost';
    expect(planted({ [ANNOTATION.certificate]: name, [ANNOTATION.certificateUid]: '../x#y' })).toMatchObject({
      certificateName: '',
      certificateUid: '',
    });
    const facts = secretFacts(
      { ...made, metadata: { ...made.metadata, annotations: { [ANNOTATION.certificate]: name } } },
      roots,
    );
    expect(keeperOf(facts)).toBeUndefined();
  });

  test.each([
    [
      'more hostnames than a certificate can have',
      { hostnames: Array.from({ length: 101 }, (_, i) => `a${i}.example.com`) },
    ],
    ['a hostname that would break a line', { hostnames: ['example.com\nERROR all is lost'] }],
    ['an endless hostname', { hostnames: ['a'.repeat(254)] }],
  ])('with %s has no need that counts', (_, need) => {
    expect(parseNeed(JSON.stringify(need))).toBeUndefined();
  });

  test('names no issuer by a path', () => {
    const issuer = { kind: 'OriginIssuer', name: '../../secrets/x' };
    expect(parseNeed(JSON.stringify({ hostnames: ['example.com'], issuer }))).toEqual({
      hostnames: ['example.com'],
    });
  });

  test('is given up, whatever it holds, or goes on as the spec says', () => {
    const world = worldOf({ target: undefined, pending: pendingOf({ need: undefined, postedAt: '' }) });
    expect(decide(world)).toMatchObject({ type: 'Discard' });
  });
});

describe('a request by annotation', () => {
  test('is copied no further than it is long enough to be told from others', () => {
    const long = '\ud83d\ude00'.repeat(100_000);
    const { renew, rekey } = requestsOf({
      [ANNOTATION.renewRequestedAt]: `x${long}`,
      [ANNOTATION.rekeyRequestedAt]: long,
    });
    for (const each of [renew, rekey]) {
      expect(each.length).toBe(256);
      expect(each.isWellFormed()).toBe(true);
    }
  });
});
