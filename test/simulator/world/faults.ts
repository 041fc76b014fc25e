import type { Operation } from '../protocol.ts';
import type { FaultSpec } from '../fault.ts';

/** What a fault may look at to decide whether it strikes. */
export interface FaultTarget {
  readonly operation: Operation;
  readonly tokenId?: string;
  /** Without its query. */
  readonly path: string;
  /** The raw body of the request. */
  readonly body: string;
}

interface ArmedFault {
  readonly spec: FaultSpec;
  toSkip: number;
  /** Undefined: strikes until cleared. */
  left: number | undefined;
}

/** The injected faults, oldest first; the first that fits a request strikes it, alone. */
export class FaultBook {
  #armed: ArmedFault[] = [];

  inject(spec: FaultSpec): void {
    this.#armed.push({
      spec,
      toSkip: spec.skip ?? 0,
      left: spec.count === 0 ? undefined : (spec.count ?? 1),
    });
  }

  clear(): void {
    this.#armed = [];
  }

  /** The fault for this request, spent by it. */
  take(target: FaultTarget): FaultSpec | undefined {
    const fault = this.#armed.find(({ spec }) => fits(spec, target));
    if (fault === undefined) return undefined;
    if (fault.toSkip > 0) {
      fault.toSkip -= 1;
      return undefined;
    }
    if (fault.left !== undefined) {
      fault.left -= 1;
      if (fault.left === 0) this.#armed = this.#armed.filter((other) => other !== fault);
    }
    return fault.spec;
  }
}

function fits(spec: FaultSpec, target: FaultTarget): boolean {
  if (spec.operation !== '*' && spec.operation !== target.operation) return false;
  if (spec.tokenId !== undefined && spec.tokenId !== target.tokenId) return false;
  if (spec.pathEnd !== undefined && !target.path.endsWith(spec.pathEnd)) return false;
  return spec.hostname === undefined || target.body.includes(JSON.stringify(spec.hostname));
}
