import { beforeAll, describe, expect, test } from 'vitest';
import type { Secret } from '../../src/kube/object.ts';
import { combinedPem, encode, secretFacts, type TrustedRoots } from '../../src/secret-facts.ts';
import { originRoots, signedBy } from '../support/signed.ts';

let roots: TrustedRoots;
let pair: Awaited<ReturnType<typeof signedBy>>;

beforeAll(async () => {
  const made = await originRoots();
  roots = made.roots;
  pair = await signedBy(made.ca);
});

const OURS = 'originca-certificate';
const wrote = (manager: string, time: string, fieldsV1: object, operation = 'Update') => ({
  manager,
  operation,
  time,
  fieldsV1,
});
const owns = (...keys: string[]) => ({
  'f:data': { '.': {}, ...Object.fromEntries(keys.map((key) => [`f:${key}`, {}])) },
});

function secret(change: Partial<Secret> = {}, metadata: Secret['metadata'] = {}): Secret {
  return {
    metadata: { name: 'web-tls', namespace: 'shop', uid: 'u', resourceVersion: '1', ...metadata },
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': encode(pair.certificate), 'tls.key': encode(pair.privateKey) },
    ...change,
  };
}

const managed = (...managedFields: object[]) =>
  secretFacts(secret({}, { managedFields } as Secret['metadata']), roots);

describe('the facts of a Secret', () => {
  test('say what its pair is, and never hold the key', () => {
    const facts = secretFacts(
      secret({}, { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': pair.privateKey } }),
      roots,
    );
    expect(facts.pair).toMatchObject({ state: 'Matching', certificate: { id: pair.id, trusted: true } });
    const inner = pair.privateKey.split('\n')[1] ?? 'no key';
    expect(JSON.stringify(facts)).not.toContain(inner);
    expect(JSON.stringify(facts)).not.toContain(encode(pair.privateKey).slice(40, 80));
  });

  test.each([
    ['absent', undefined],
    ['stale', 'other'],
  ])('call an output %s', (state, value) => {
    const data = {
      ...secret().data,
      ...(value && { 'ca.crt': encode(value), 'tls-combined.pem': encode(value) }),
    };
    expect(secretFacts(secret({ data }), roots).outputs).toEqual({ combinedPem: state, caBundle: state });
  });

  test('call an output current when it is what it should be', () => {
    const combined = combinedPem(pair.certificate, pair.privateKey);
    const data = { ...secret().data, 'ca.crt': encode(roots.pem), 'tls-combined.pem': encode(combined) };
    expect(secretFacts(secret({ data }), roots).outputs).toEqual({
      combinedPem: 'current',
      caBundle: 'current',
    });
  });

  test('say which keys are ours to take away: those of our own apply', () => {
    const facts = managed(
      wrote(
        OURS,
        't',
        {
          ...owns('tls.crt'),
          'f:metadata': {
            'f:labels': { '.': {}, 'f:team': {} },
            'f:ownerReferences': { '.': {}, 'k:{"uid":"u"}': { '.': {}, 'f:name': {} } },
          },
        },
        'Apply',
      ),
      wrote(OURS, 't', owns('by-patch')),
      wrote('other', 't', owns('theirs')),
    );
    expect(facts.owned).toEqual({ labels: ['team'], annotations: [], data: ['tls.crt'], owners: ['u'] });
  });

  test('read an empty Secret without an error', () => {
    expect(secretFacts({ metadata: {} }, roots)).toMatchObject({
      type: 'Opaque',
      pair: { state: 'MissingData' },
      keyDigest: undefined,
      lastWriter: 'unknown',
    });
  });
});

describe('the last writer', () => {
  test('is who owns the pair beside us, although both wrote within one second', () => {
    const same = '2026-11-21T12:00:00Z';
    const ours = wrote(OURS, same, owns('tls.crt', 'tls.key'), 'Apply');
    const theirs = wrote('some-tool', same, owns('tls.key'));
    expect(managed(ours, theirs).lastWriter).toBe('some-tool');
    expect(managed(theirs, ours).lastWriter).toBe('some-tool');
  });

  test('is the newest where nobody else owns the pair', () => {
    const ours = wrote(OURS, '2026-11-21T12:00:00Z', owns('tls.crt'), 'Apply');
    expect(managed(ours, wrote('labeller', '2026-11-21T13:00:00Z', {})).lastWriter).toBe('labeller');
    expect(managed(ours, wrote('labeller', '2026-11-21T11:00:00Z', {})).lastWriter).toBe(OURS);
  });
});
