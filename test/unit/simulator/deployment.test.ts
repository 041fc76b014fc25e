import { describe, expect, test } from 'vitest';
import { lastDeployed, statusAt, type Deployed } from '../../simulator/rules/deployment.ts';

const ROLLOUT = { beganAt: 1000, takesMs: 100, timesOut: false };
const REMOVAL = { beganAt: 2000, takesMs: 100, timesOut: false };

describe('the way to the edge and back', () => {
  test.each<[string, number, Deployed]>([
    ['initializing', 1000, { rollout: ROLLOUT }],
    ['initializing', 1049, { rollout: ROLLOUT }],
    ['pending_deployment', 1050, { rollout: ROLLOUT }],
    ['pending_deployment', 1099, { rollout: ROLLOUT }],
    ['active', 1100, { rollout: ROLLOUT }],
    ['active', 1000, { rollout: { ...ROLLOUT, takesMs: 0 } }],
    ['pending_deployment', 1099, { rollout: { ...ROLLOUT, timesOut: true } }],
    ['deployment_timed_out', 1100, { rollout: { ...ROLLOUT, timesOut: true } }],
    ['pending_deletion', 2000, { rollout: ROLLOUT, removal: REMOVAL }],
    ['pending_deletion', 2099, { rollout: ROLLOUT, removal: REMOVAL }],
    ['deleted', 2100, { rollout: ROLLOUT, removal: REMOVAL }],
    ['deletion_timed_out', 2100, { rollout: ROLLOUT, removal: { ...REMOVAL, timesOut: true } }],
    ['pending_deletion', 1010, { rollout: ROLLOUT, removal: { ...REMOVAL, beganAt: 1005 } }],
  ])('is %s at %i', (status, now, deployed) => {
    expect(statusAt(deployed, now)).toBe(status);
  });
});

describe('the last deployed', () => {
  const early = { rollout: { beganAt: 0, takesMs: 100, timesOut: false } };
  const late = { rollout: { beganAt: 50, takesMs: 100, timesOut: false } };

  test.each<[string, readonly Deployed[], number, Deployed | undefined]>([
    ['is none while none has arrived', [early, late], 99, undefined],
    ['is the one that has arrived', [early, late], 149, early],
    ['is the one that arrived last', [late, early], 150, late],
    [
      'is the one that arrived last, not the one that left first',
      [early, { rollout: { ...late.rollout, takesMs: 1 } }],
      150,
      early,
    ],
    ['is none that timed out', [early, { rollout: { ...late.rollout, timesOut: true } }], 200, early],
    ['is none on its way back', [early, { ...late, removal: { ...late.rollout, beganAt: 160 } }], 170, early],
  ])('%s', (_what, all, now, expected) => {
    expect(lastDeployed(all, now)).toEqual(expected);
  });

  test('of two at once is the later in the list', () => {
    const twin = { ...early };
    expect(lastDeployed([early, twin], 100)).toBe(twin);
  });
});
