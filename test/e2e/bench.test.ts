import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { revokedTable, scaleTable } from '../bench/scale-report.ts';
import { measureScale } from '../bench/scale.ts';

const SOURCES = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const size = { certificates: 50, namespaces: 5, secrets: 20 };

// Three starts of the operator and a control plane of its own.
const TIMEOUT_MS = 300_000;

test(
  'the bench of ten thousand certificates measures fifty: what is in order costs no write',
  { timeout: TIMEOUT_MS },
  async () => {
    const steps: string[] = [];
    const figures = await measureScale({
      size,
      program: SOURCES,
      nodeFlags: [],
      idleMs: 1000,
      revoked: { minutes: 2, minuteMs: 5000 },
      onProgress: (line) => void steps.push(line),
    });
    const { takeOver, restart, edits, scrape, revoked } = figures;

    // What is seeded is what the operator would have written: it asks for nothing and touches no Secret.
    expect(takeOver.posts).toBe(0);
    expect(Object.fromEntries(takeOver.requests.writes)).toEqual({
      'patch origincertificates/status': size.certificates,
      'patch originissuers/status': size.namespaces,
    });
    expect({ posts: restart.posts, writes: restart.requests.writeCount }).toEqual({ posts: 0, writes: 0 });

    expect(edits.noticedMs).toBeGreaterThan(0);
    expect(edits.mendedMs).toBeGreaterThan(edits.noticedMs);
    expect(scrape.megabytes).toBeGreaterThan(0.01);
    expect(scrape.stallMs).toBeGreaterThanOrEqual(0);
    expect(restart.residentMb).toBeGreaterThan(50);

    expect(revoked).toHaveLength(2);
    const refused = revoked.reduce((sum, { writes }) => sum + writes, 0);
    expect(refused).toBeGreaterThan(0);
    // An issuer whose check was held back, because two others of its token had just failed, says so and then why.
    expect(refused).toBeLessThanOrEqual(size.certificates + 2 * size.namespaces);

    expect(scaleTable(figures)).toMatch(/^API-server writes at restart +0 +≤ 0 +ok$/m);
    expect(revokedTable(figures)).toMatch(/^API-server writes in all \d+, .*: ok$/m);
    expect(steps).toContain('restarting it');
  },
);
