import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { normalizeHostname } from '../../../src/api/hostname.ts';
import { anyText, fuzz } from '../../support/fuzz.ts';
import { type AllowRule, type LabelSelector, notAllowed, selects, whoMay } from '../../../src/api/allow.ts';

const LABELS = { team: 'web', tier: 'edge' };

describe('a label selector', () => {
  test.each<[string, LabelSelector, boolean]>([
    ['that is empty selects everything', {}, true],
    ['selects by an equal label', { matchLabels: { team: 'web' } }, true],
    ['wants every one of its labels', { matchLabels: { team: 'web', zone: 'a' } }, false],
    ['does not take another value', { matchLabels: { team: 'db' } }, false],
    ['In: one of the values', expression('tier', 'In', ['edge', 'front']), true],
    ['In: none of the values', expression('tier', 'In', ['front']), false],
    ['In: a label that is not there', expression('zone', 'In', ['a']), false],
    ['NotIn: another value', expression('tier', 'NotIn', ['front']), true],
    ['NotIn: that value', expression('tier', 'NotIn', ['edge']), false],
    ['NotIn: a label that is not there', expression('zone', 'NotIn', ['a']), true],
    ['Exists', expression('team', 'Exists'), true],
    ['Exists: a label that is not there', expression('zone', 'Exists'), false],
    ['DoesNotExist', expression('zone', 'DoesNotExist'), true],
    ['DoesNotExist: a label that is there', expression('team', 'DoesNotExist'), false],
    ['with an operator nobody knows yet selects nothing', expression('team', 'Gt', ['a']), false],
    [
      'wants labels and expressions both',
      { matchLabels: { team: 'web' }, ...expression('zone', 'Exists') },
      false,
    ],
  ])('%s', (_, selector, selected) => {
    expect(selects(selector, LABELS)).toBe(selected);
  });

  test('is not fooled by names that every object has', () => {
    expect(selects(expression('constructor', 'Exists'), {})).toBe(false);
    expect(selects(expression('toString', 'DoesNotExist'), {})).toBe(true);
  });
});

function expression(key: string, operator: string, values?: readonly string[]): LabelSelector {
  return { matchExpressions: [{ key, operator, ...(values && { values }) }] };
}

const RULES: readonly AllowRule[] = [
  { namespaceSelector: { matchLabels: { team: 'web' } }, hostnames: ['example.com', '*.example.com'] },
  { namespaceSelector: expression('tier', 'In', ['edge', 'front']), hostnames: ['*.example.org'] },
];

describe('the rules of an issuer', () => {
  test.each<[string, Record<string, string>, string[], string[]]>([
    ['allow what a rule of the namespace covers', { team: 'web' }, ['example.com', 'a.b.example.com'], []],
    ['allow a wildcard below a wildcard', { team: 'web' }, ['*.example.com', '*.a.example.com'], []],
    ['refuse what only a rule for others covers', { team: 'web' }, ['a.example.org'], ['a.example.org']],
    ['add up where several select the namespace', LABELS, ['example.com', 'a.example.org'], []],
    ['do not let a wildcard cover the apex', { tier: 'edge' }, ['example.org'], ['example.org']],
    ['do not match in the middle of a label', { team: 'web' }, ['badexample.com'], ['badexample.com']],
    ['refuse a namespace without labels', {}, ['example.com'], ['example.com']],
  ])('%s', (_, labels, hostnames, refused) => {
    expect(notAllowed(RULES, labels, hostnames)).toEqual(refused);
  });

  test.each<[string, string, string[], string[]]>([
    ['a wildcard above the one allowed', '*.a.example.com', ['*.example.com'], ['*.example.com']],
    ['a wildcard where a name is allowed', 'example.com', ['*.example.com'], ['*.example.com']],
    ['a wildcard over a name that is allowed', 'a.example.com', ['*.example.com'], ['*.example.com']],
    [
      'the apex below a wildcard',
      '*.example.com',
      ['example.com', '.example.com'],
      ['example.com', '.example.com'],
    ],
    [
      'a name that ends alike',
      '*.example.com',
      ['badexample.com', '*.badexample.com'],
      ['badexample.com', '*.badexample.com'],
    ],
    ['a name with more behind it', 'example.com', ['example.com.evil.test'], ['example.com.evil.test']],
    ['upper case, which is the same name', 'Example.com', ['example.com', 'EXAMPLE.COM'], []],
    ['a trailing dot, which is the same name', 'example.com.', ['example.com', 'example.com.'], []],
    ['two trailing dots, which are no name', 'example.com', ['example.com..'], ['example.com..']],
    [
      'another form of an international name, which is the same',
      'bücher.example',
      ['xn--bcher-kva.example'],
      [],
    ],
    ['in it upper case', 'BÜCHER.example', ['xn--BCHER-KVA.example'], []],
    ['below one as a wildcard', '*.xn--bcher-kva.example', ['a.bücher.example'], []],
    ['letters that only look alike', 'example.com', ['ехample.com'], ['ехample.com']],
    [
      'an xn-- name that is not the one it reads like',
      'bücher.example',
      ['xn--bcher-kva8445foa.example'],
      ['xn--bcher-kva8445foa.example'],
    ],
    ['a dot of another script, which is a dot', 'example.com', ['example。com'], []],
    [
      'characters that nobody sees',
      'example.com',
      ['exam\u200dple.com', 'example.com\u0000'],
      ['exam\u200dple.com', 'example.com\u0000'],
    ],
    [
      'names that every object has',
      'example.com',
      ['constructor', '__proto__'],
      ['constructor', '__proto__'],
    ],
  ])('are not tricked by %s', (_, pattern, hostnames, refused) => {
    expect(notAllowed([{ hostnames: [pattern] }], {}, hostnames)).toEqual(refused);
  });

  test('allow no more than lies below a wildcard, or is the name, whatever is asked for', () => {
    const label = fc.constantFrom('a', 'b', '*', 'xn--bcher-kva', 'bücher', '', 'A');
    const name = fc
      .array(label, { minLength: 1, maxLength: 4 })
      .map((labels) => [...labels, 'example.com'].join('.'));
    fc.assert(
      fc.property(fc.oneof(name, anyText), name, (asked, pattern) => {
        const isRefused = notAllowed([{ hostnames: [pattern] }], {}, [asked]).length > 0;
        const [own, allowed] = [normalizeHostname(asked), normalizeHostname(pattern)];
        const isBelow =
          allowed.startsWith('*.') && own.endsWith(allowed.slice(1)) && own.length >= allowed.length;
        expect(isRefused || own === allowed || isBelow).toBe(true);
      }),
      fuzz(500),
    );
  });

  test('allow nothing where there is none', () => {
    fc.assert(
      fc.property(fc.array(fc.domain()), (hostnames) => {
        expect(notAllowed([], LABELS, hostnames)).toEqual(hostnames);
      }),
    );
  });

  test('allow the more, the more there are', () => {
    const rule = fc.record({
      hostnames: fc.array(fc.constantFrom('a.test', '*.a.test', 'b.test'), { minLength: 1 }),
    });
    const hostnames = ['a.test', 'x.a.test', 'b.test', 'c.test'];
    fc.assert(
      fc.property(fc.array(rule), rule, (rules, another) => {
        const before = notAllowed(rules, {}, hostnames);
        expect(before).toEqual(expect.arrayContaining(notAllowed([...rules, another], {}, hostnames)));
      }),
    );
  });

  test('say who may have a hostname', () => {
    expect(whoMay(RULES, 'example.com')).toBe('namespaces with labels team=web');
    expect(whoMay(RULES, 'a.example.org')).toBe('namespaces with labels tier In (edge, front)');
    expect(whoMay([{ hostnames: ['example.com'] }], 'example.com')).toBe('namespaces with any labels');
    expect(whoMay([...RULES, ...RULES], 'example.com')).toBe('namespaces with labels team=web');
    expect(whoMay(RULES, 'example.net')).toBe('nobody');
  });
});
