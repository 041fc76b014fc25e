import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
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
