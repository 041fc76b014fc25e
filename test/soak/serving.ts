import type { Secret } from '../../src/kube/object.ts';

/** Whether it is of a kind that Ingress controllers serve; one that people made by hand may be Opaque. */
export function isServing({ type, data }: Secret): boolean {
  return type === 'kubernetes.io/tls' || (type === 'Opaque' && data?.['tls.crt'] !== undefined);
}
