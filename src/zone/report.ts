import { isDeepStrictEqual } from 'node:util';
import { rfc3339, withTransitionTimes } from '../api/conditions.ts';
import { API_VERSION, FIELD_MANAGER } from '../api/names.ts';
import type { OriginZone } from '../api/v1alpha1.ts';
import { originZones } from '../resources.ts';
import { conditionsOf, type Said, type Spoken } from './conditions.ts';
import type { ControllerContext } from './controller-context.ts';
import { tell } from './tell.ts';

export type Status = NonNullable<OriginZone['status']>;

/** Everything of the status but its conditions. */
export type Parts = Omit<Status, 'conditions' | 'observedGeneration'>;

/** The parts as they are made: what is undefined is left out. */
export type Draft = { readonly [Name in keyof Parts]: Parts[Name] | undefined };

/** What is to be said of a zone. */
export interface Report extends Spoken {
  readonly parts: Draft;
}

/** Writes the status, if it differs; events tell what changed in the conditions. */
export async function report(
  context: ControllerContext,
  zone: Readonly<OriginZone>,
  { parts, ...spoken }: Report,
  signal: AbortSignal,
): Promise<void> {
  const { name, uid, resourceVersion, generation } = zone.metadata;
  const nowMs = context.clock.now();
  const before = zone.status?.conditions ?? [];
  const said = conditionsOf(spoken, before, nowMs);
  const status: Status = {
    observedGeneration: generation,
    conditions: withTransitionTimes(
      said.map((condition) => ({ ...condition, observedGeneration: generation })),
      before,
      nowMs,
    ),
    ...withoutAbsent(parts),
  };
  if (isDeepStrictEqual(zone.status ?? {}, status)) return;
  const body = {
    apiVersion: API_VERSION,
    kind: 'OriginZone',
    metadata: { name, uid, resourceVersion },
    status,
  };
  const options = { signal, fieldManager: FIELD_MANAGER.zone, force: true, subresource: 'status' } as const;
  await context.kube.apply(originZones, body as OriginZone, options);
  for (const condition of said) tellCondition(context, zone, before, condition);
}

/** As the API server keeps it: what is undefined is not there. */
function withoutAbsent(parts: Draft): Parts {
  return JSON.parse(JSON.stringify(parts)) as Parts;
}

/** InSync is told by what is done about it; of Stalled only what no other condition says. */
function tellCondition(
  context: ControllerContext,
  zone: Readonly<OriginZone>,
  before: NonNullable<Status['conditions']>,
  { type, status, reason, message }: Said,
): void {
  const isTold = type === 'Ready' || type === 'OriginsVerified' || reason === 'HoldUntilInvalid';
  if (!isTold) return;
  const last = before.find((condition) => condition.type === type);
  if (last?.status === status && last.reason === reason) return;
  if (status === 'Unknown' && type === 'OriginsVerified') return;
  const level = status === 'True' && type !== 'Stalled' ? 'Normal' : 'Warning';
  const action = type === 'Ready' ? 'Read' : type === 'Stalled' ? 'Hold' : 'Probe';
  tell(context, zone, { type: level, reason, action, note: message });
}

/** The time of a transition as it was, or now. */
export function transitionTime(
  before: { readonly inSync: boolean; readonly lastTransitionTime: string } | undefined,
  inSync: boolean,
  nowMs: number,
): string {
  return before?.inSync === inSync ? before.lastTransitionTime : rfc3339(nowMs);
}
