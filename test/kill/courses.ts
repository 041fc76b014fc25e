import { FLOWS } from './flows.ts';
import type { Course } from './run.ts';
import { ALL_VARIANTS, nameOf, PAIRWISE_VARIANTS, type Variant } from './variant.ts';
import { REAL, SCALED } from './waits.ts';

/** Every flow in all surroundings that matter to it, with the waits scaled. */
export const COURSES: readonly Course[] = FLOWS.flatMap((flow) =>
  (flow.variants ?? ALL_VARIANTS).map((variant) => ({ flow, variant, waits: SCALED })),
);

/** The surroundings in which a run takes longest. */
const SLOWEST: Variant = { zones: 1, signing: 'late', listing: 'late' };

const REAL_FLOWS: ReadonlySet<string> = new Set(['first-issuance', 'rekey', 'origin-pull-rotated']);

/** What is slowest, where nothing is scaled. */
export const REAL_COURSES: readonly Course[] = FLOWS.filter(({ name }) => REAL_FLOWS.has(name)).map(
  (flow) => ({
    flow,
    variant: flow.variants?.[0] ?? SLOWEST,
    waits: REAL,
  }),
);

/** The courses of a flow in which every pair of values of its surroundings occurs. */
export function pairwiseCourses(flowName: string): readonly Course[] {
  const names = new Set(PAIRWISE_VARIANTS.map(nameOf));
  return COURSES.filter(({ flow, variant }) => flow.name === flowName && names.has(nameOf(variant)));
}
