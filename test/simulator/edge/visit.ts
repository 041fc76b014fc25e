import type { VisitRequest, VisitResult } from '../protocol.ts';
import type { World } from '../world/world.ts';
import { checked, type Shape } from '../control/shape.ts';

const VISIT: Shape<VisitRequest> = {
  hostname: 'string',
  path: 'string?',
  scheme: { oneOf: ['https', 'http'], optional: true },
};

export async function visit(_world: World, body: unknown): Promise<VisitResult> {
  const { hostname } = checked<VisitRequest>(body, VISIT);
  return { status: 0, detail: hostname };
}
