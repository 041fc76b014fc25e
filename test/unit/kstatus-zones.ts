import { type Condition, withTransitionTimes } from '../../src/api/conditions.ts';
import type { OriginZone } from '../../src/api/v1alpha1.ts';
import { conditionsOf, type Spoken } from '../../src/zone/conditions.ts';
import { decide } from '../../src/zone/decide.ts';
import { NOW, worldOf, type WorldChange } from './zone/world-fixtures.ts';

/** Asked for strict, and found so. */
export const STRICT = { settings: { ssl: 'strict' }, values: { ssl: 'strict' } } as const;
const OBSERVED: Spoken['finding'] = { outcome: 'observed', message: 'The zone can be read.' };

/** What is said of a zone like this whose origins are all in order. */
export function spokenOf(change: WorldChange = STRICT, more: Partial<Spoken> = {}): Spoken {
  return {
    finding: OBSERVED,
    actions: decide(worldOf(change)),
    isWaiting: false,
    verified: { status: 'True', reason: 'AllVerified', message: 'All origins pass.' },
    problems: [],
    pullProblems: [],
    ...more,
  };
}

/** What is said of a zone that cannot be read. */
export function unread(finding: Spoken['finding']): Spoken {
  return {
    finding,
    actions: undefined,
    isWaiting: false,
    verified: undefined,
    problems: [],
    pullProblems: [],
  };
}

/** An OriginZone of which these things were said, one after the other, `apartMs` apart. */
export function originZone(said: readonly Spoken[], apartMs = 0): OriginZone {
  const conditions = said.reduce<readonly Condition[]>((before, spoken, index) => {
    const nowMs = NOW + index * apartMs;
    const wanted = conditionsOf(spoken, before, nowMs).map((each) => ({ ...each, observedGeneration: 1 }));
    return withTransitionTimes(wanted, before, nowMs);
  }, []);
  return {
    apiVersion: 'originca.dev/v1alpha1',
    kind: 'OriginZone',
    metadata: {
      name: 'example.com',
      uid: 'uid-1',
      generation: 1,
      resourceVersion: '100',
      creationTimestamp: '2026-11-01T00:00:00Z',
    },
    spec: worldOf().spec,
    status:
      said.length === 0 ? { observedGeneration: -1 } : { observedGeneration: 1, conditions: [...conditions] },
  };
}
