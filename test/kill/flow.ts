import type { Ground } from './ground.ts';
import type { Variant } from './variant.ts';

/** Something that people ask of the operator, and how the world must be in the end however often it was killed. */
export interface Flow {
  /** As `--flow` names it. */
  readonly name: string;
  /** The surroundings that matter to it. Default: all. */
  readonly variants?: readonly Variant[];
  /** What was there before; the operator is not killed while it comes to be. */
  readonly setUp?: (ground: Ground) => Promise<void>;
  /** What begins it. */
  readonly begin: (ground: Ground) => Promise<void>;
  /** What a person does while the first POST is on its way. */
  readonly midway?: (ground: Ground) => Promise<void>;
  /** What is not as it must be in the end: empty at rest. */
  readonly problems: (ground: Ground) => Promise<readonly string[]>;
  /** Takes away what is not in the namespace of the run. */
  readonly tearDown?: (ground: Ground) => Promise<void>;
}
