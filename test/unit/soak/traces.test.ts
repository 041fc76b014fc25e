import { expect, test } from 'vitest';
import type { KubeObject } from '../../../src/kube/object.ts';
import { Traces } from '../../soak/traces.ts';

const at = (resourceVersion: string): KubeObject => ({ metadata: { uid: 'uid-1', resourceVersion } });

test.each([
  ['that changed something is their doing', '4', '5', true],
  ['that found all as it would have it is not', '4', '4', false],
])('a write of people %s', async (_what, before, after, isTheirs) => {
  const traces = new Traces();
  expect(traces.noteChange(at(before).metadata, at(after).metadata)).toBe(isTheirs);
  const change = { key: 'place/secret', uid: 'uid-1', resourceVersion: '9' };
  expect(await traces.made({ ...change, previous: at('3'), current: at('9') })).toBe(isTheirs);
});
