import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDuration } from '../../../src/api/duration.ts';
import { property, readCrds, type Schema } from '../../support/crds.ts';
import { violations } from '../../support/crd-rules.ts';
import { hostnameProblem } from '../../support/hostname-problem.ts';

const crds = await readCrds();
const [certificate, issuer, clusterIssuer] = crds;
const spec = property(certificate?.schema, 'spec');
const hostname = property(spec, 'hostnames').items ?? {};

describe('hostnames', () => {
  test.each([
    ['1.2.3.4', ['is an IP address: only DNS names are possible']],
    ['*.1.2.3.4', ['is an IP address: only DNS names are possible']],
    ['2001:db8::1', ['is an IP address or carries a port: only DNS names are possible']],
    ['example.com:443', ['is an IP address or carries a port: only DNS names are possible']],
    ['https://a.example.com', ['is a URL: write the host alone, as in example.com']],
    ['https://a.example.com:8443/b?c', ['is a URL: write the host alone, as in example.com']],
    ['*.com', ['has too few labels: at least two are needed, as in example.com or *.example.com']],
    ['localhost', ['has too few labels: at least two are needed, as in example.com or *.example.com']],
    ['a.*.b.com', ['has a * elsewhere than as its whole first label: only *.example.com is possible']],
    ['**.x.com', ['has a * elsewhere than as its whole first label: only *.example.com is possible']],
    ['a*.x.com', ['has a * elsewhere than as its whole first label: only *.example.com is possible']],
    ['Example.com', ['has upper-case letters: write it in lower case']],
    ['example.com.', ['ends with a dot: leave the dot out']],
    ['bücher.example', ['is not ASCII: write its xn-- form']],
    [`${'a'.repeat(64)}.com`, ['has a label of more than 63 characters: shorten it']],
    [
      'under_score.com',
      ['has a character that no hostname has: only letters, digits, hyphens and dots are possible'],
    ],
    [
      'a b.com',
      ['has a character that no hostname has: only letters, digits, hyphens and dots are possible'],
    ],
    ['-a.com', ['has a label that begins or ends with a hyphen: take the hyphen away']],
    ['a.com-', ['has a label that begins or ends with a hyphen: take the hyphen away']],
    ['a..com', ['has an empty label: take out the dot too many']],
    ['.a.com', ['has an empty label: take out the dot too many']],
    ['example.123', ['ends with a label of digits only: no zone is named so, write the whole name']],
    ['example.com', []],
    ['*.example.com', []],
    ['xn--bcher-kva.example', []],
    ['1.2.3.example', []],
    [`${'a'.repeat(63)}.com`, []],
  ])('%s is judged in one sentence per mistake', (name, messages) => {
    expect(violations(hostname, name)).toEqual(messages.map((message) => `: ${message}`));
  });

  test('are let through exactly where the operator itself can use them', () => {
    const odd = fc.constantFrom(
      'a',
      'b1',
      '1',
      '22',
      '-',
      'a-b',
      'xn--a',
      '*',
      '**',
      '',
      '_',
      'A',
      'ü',
      ':',
      '://',
      ' ',
      '\u0000',
      '~',
    );
    const name = fc.array(odd, { minLength: 1, maxLength: 5 }).map((labels) => labels.join('.'));
    const glued = fc
      .array(fc.oneof(odd, fc.constant('.')), { minLength: 1, maxLength: 8 })
      .map((parts) => parts.join(''));
    const nonEmpty = fc.oneof(name, glued, fc.domain(), fc.ipV4(), fc.ipV6()).filter((text) => text !== '');
    fc.assert(
      fc.property(nonEmpty, (text) => {
        expect(violations(hostname, text).length === 0).toBe(hostnameProblem(text) === undefined);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the rest of a certificate', () => {
  const tracked = (key: string): string =>
    `has the key ${key}, by which GitOps tools track what they applied: such a tool would delete the Secret, leave it out`;
  const ours = (key: string): string =>
    `has the key ${key}, which is under originca.dev/: those belong to the operator, leave it out`;
  const none = 'which is none for a label or annotation: write name or example.com/name';
  const shortEnough = 'the name of 63 characters at most';
  const tooLong =
    'spec.renewBefore: is 168h, which is not shorter than the time that the certificate is valid (validityDays): write less, or leave it out for a third of that';
  const noDuration =
    'spec.renewBefore: is no duration: write hours, minutes and seconds, such as 720h or 1h30m';

  test.each<[object, string[]]>([
    [{ validityDays: 7, renewBefore: '167h59m59s' }, []],
    [{ validityDays: 7, renewBefore: '168h' }, [tooLong]],
    [{ validityDays: 7, renewBefore: '9999m99s' }, []],
    [{ renewBefore: '99999h' }, []],
    [{ validityDays: 7, renewBefore: '1 month' }, [noDuration]],
    [{ validityDays: 7, renewBefore: '1d' }, [noDuration]],
    [{ validityDays: 7, renewBefore: '-5h' }, [noDuration]],
    [{ validityDays: 7, renewBefore: '' }, [noDuration]],
    [
      { renewBefore: '0h0s' },
      ['spec.renewBefore: must be more than 0s, so that a certificate is renewed before it expires'],
    ],
    ...[256, 384].map((size): [object, string[]] => [
      { privateKey: { algorithm: 'RSA', size } },
      [
        `spec.privateKey.size: is ${size}, but an RSA key has 2048, 3072 or 4096 bits: write one of these, or leave size out for 2048`,
      ],
    ]),
    ...[2048, 3072, 4096].map((size): [object, string[]] => [
      { privateKey: { algorithm: 'ECDSA', size } },
      [
        `spec.privateKey.size: is ${size}, but an ECDSA key has 256 or 384 bits: write one of these, or leave size out for 256`,
      ],
    ]),
    [{ privateKey: { algorithm: 'RSA' } }, []],
    [{ privateKey: { algorithm: 'ECDSA', size: 384 } }, []],
    [
      { secretTemplate: { labels: { 'originca.dev/managed': 'no' } } },
      [`spec.secretTemplate.labels: ${ours('originca.dev/managed')}`],
    ],
    [
      { secretTemplate: { annotations: { 'originca.dev/need': '{}' } } },
      [`spec.secretTemplate.annotations: ${ours('originca.dev/need')}`],
    ],
    [
      { secretTemplate: { labels: { 'app.kubernetes.io/instance': 'x' } } },
      [`spec.secretTemplate.labels: ${tracked('app.kubernetes.io/instance')}`],
    ],
    [
      { secretTemplate: { annotations: { 'argocd.argoproj.io/x': 'x' } } },
      [`spec.secretTemplate.annotations: ${tracked('argocd.argoproj.io/x')}`],
    ],
    [
      { secretTemplate: { labels: { 'a.b/good': 'x', 'a b': 'c' } } },
      [`spec.secretTemplate.labels: has the key a b, ${none}, ${shortEnough}`],
    ],
    [
      { secretTemplate: { labels: { 'a\nb': 'c' } } },
      [
        `spec.secretTemplate.labels: has a key that is none for a label or annotation: write name or example.com/name, ${shortEnough}`,
      ],
    ],
    [
      { revocation: { onDelete: 'Revoke' } },
      [
        'spec.revocation.onDelete: is Revoke, which needs secretDeletionPolicy: Delete, so that no Secret is left with a revoked certificate',
      ],
    ],
    [
      {
        secretTemplate: {
          labels: { team: 'a', 'app.kubernetes.io/part-of': 'b' },
          annotations: { 'a.b/c': 'any text' },
        },
      },
      [],
    ],
  ])('%j', (fields, expected) => {
    expect(violations(spec, fields, 'spec')).toEqual(expected);
  });

  test('every size that the schema lets through is refused of exactly one kind of key', () => {
    const sizes = property(spec, 'privateKey', 'size').enum as number[];
    for (const size of sizes) {
      const refused = ['ECDSA', 'RSA'].filter(
        (algorithm) => violations(spec, { privateKey: { algorithm, size } }).length > 0,
      );
      expect(refused).toHaveLength(1);
    }
  });

  test('a renewBefore is let through exactly where the operator itself can read it, and it is more than nothing', () => {
    const text = fc.array(fc.constantFrom('0', '1', '90', '12345', 'h', 'm', 's', 'd', '-', ' '), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(text, (parts) => {
        const renewBefore = parts.join('');
        expect(violations(spec, { renewBefore }).length === 0).toBe((parseDuration(renewBefore) ?? 0) > 0);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the kinds', () => {
  const defaults = property(issuer?.schema, 'spec', 'defaults');

  test('say the same of what they share', () => {
    expect(property(clusterIssuer?.schema, 'spec', 'defaults')).toEqual(defaults);
    const rules = (schema: Schema): unknown => ({ ...schema, description: '' });
    expect(rules(property(defaults, 'privateKey'))).toEqual(rules(property(spec, 'privateKey')));
    expect(rules(property(defaults, 'validityDays'))).toEqual(rules(property(spec, 'validityDays')));
    for (const kind of [issuer, clusterIssuer]) {
      const allow = property(kind?.schema, 'spec', 'allow').items;
      expect(property(allow, 'hostnames').items).toEqual(hostname);
    }
  });

  test.each(crds)('$kind describes every field and says how every list is merged', (crd) => {
    expect(undescribed(crd.schema, 'schema')).toEqual([]);
  });
});

/** Paths of fields without a description and of lists without a list type. */
function undescribed(schema: Schema, path: string): string[] {
  const { properties = {}, items } = schema;
  const listType =
    schema.type === 'array' && schema['x-kubernetes-list-type'] === undefined ? [`${path} (list type)`] : [];
  const fields = Object.entries(properties)
    .filter(([name]) => name !== 'metadata')
    .flatMap(([name, child]) => [
      ...(child.description ? [] : [`${path}.${name}`]),
      ...undescribed(child, `${path}.${name}`),
    ]);
  return [...listType, ...fields, ...(items ? undescribed(items, `${path}[]`) : [])];
}
