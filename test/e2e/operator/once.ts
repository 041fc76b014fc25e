import { expect } from 'vitest';
import { idIn } from '../../integration/certificate/pairs.ts';
import type { Scene } from '../../support/scene.ts';
import { waitFor } from '../../support/wait.ts';

/** Longer than a takeover with all waits of the protocol. */
const LONG = { timeoutMs: 150_000 };

/** The hostname that only the certificate of this name asks for. */
export function hostnameOf(name: string): string {
  return `${name}.example.com`;
}

/** Applies a certificate that asks for a hostname of its own. */
export async function ask(scene: Scene, name: string): Promise<void> {
  await scene.applyCertificate(name, { hostnames: [hostnameOf(name)] });
}

/** Waits until each of them is served and nothing is under way; then each was issued so often, and no twin is left. */
export async function servedOnce(scene: Scene, names: readonly string[], times = 1): Promise<void> {
  for (const name of names)
    await waitFor(`${name} to be settled`, () => scene.settled(name).then(() => true), LONG);
  for (const name of names) {
    const issued = await scene.simulator.certificates({ hostname: hostnameOf(name) });
    const serving = idIn(await scene.secret(`${name}-tls`));
    expect(issued, `certificates for ${name}`).toHaveLength(times);
    expect(issued.find(({ id }) => id === serving)?.revokedAt, `the one that ${name} serves`).toBeUndefined();
    expect(
      issued.some(({ id }) => id === serving),
      `the one that ${name} serves is there`,
    ).toBe(true);
  }
}
