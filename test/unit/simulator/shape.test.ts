import { describe, expect, test } from 'vitest';
import { ControlError, checked, type Shape } from '../../simulator/control/shape.ts';

interface Body {
  readonly name: string;
  readonly count?: number;
  readonly mode?: 'a' | 'b';
  readonly names?: readonly string[];
  readonly at?: string;
}
const SHAPE: Shape<Body> = {
  name: 'string',
  count: 'number?',
  mode: { oneOf: ['a', 'b'], optional: true },
  names: 'strings?',
  at: 'date?',
};

describe('checked', () => {
  test('passes a body of the right shape through', () => {
    const body = { name: 'x', count: 1, mode: 'b', names: ['y'], at: '2026-11-21' };
    expect(checked<Body>(body, SHAPE)).toEqual(body);
  });

  test.each<[unknown, string]>([
    [[], 'the body must be a JSON object'],
    [null, 'the body must be a JSON object'],
    [{}, 'name is missing'],
    [{ name: 1 }, 'name is 1; it must be of kind string'],
    [{ name: 'x', count: '1' }, 'count is "1"; it must be of kind number'],
    [{ name: 'x', mode: 'c' }, 'mode is "c"; it must be one of a, b'],
    [{ name: 'x', names: ['y', 2] }, 'names is ["y",2]; it must be of kind strings'],
    [{ name: 'x', at: 'soon' }, 'at is "soon"; it must be of kind date'],
    [{ name: 'x', cuont: 1 }, 'unknown field cuont; known are name, count, mode, names, at'],
  ])('refuses %j: %s', (body, message) => {
    expect(() => checked<Body>(body, SHAPE)).toThrow(new ControlError(message));
  });
});
