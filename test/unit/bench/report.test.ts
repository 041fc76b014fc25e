import { expect, test } from 'vitest';
import { table } from '../../bench/report.ts';
import type { Figures } from '../../bench/scenario.ts';

const FIGURES: Figures = {
  kubernetes: '1.36',
  certificatesPerSecond: 10,
  cpuMsPerCertificate: 26.78,
  writesPerIssuance: 4,
  cloudflarePerIssuance: 1,
  residentMb: 100,
  restart: { readyMs: 1000, writes: 0, residentMb: 100, idleCpuPercent: 0.1 },
  bare: { certificatesPerSecond: 20, cpuMsPerCertificate: 5 },
  requests: { writes: new Map(), others: new Map(), writeCount: 4, eventWrites: 0, lastWriteAt: 0 },
};

/** The words behind each figure of a run with so many certificates. */
function verdictsOf(certificates: number): readonly string[] {
  const [, ...rows] = table([[{ certificates, delayMs: 0 }, FIGURES]]).split('\n');
  return rows.flatMap((row) => /\b(ok|over)$/.exec(row)?.[1] ?? []);
}

test('figures are held against their bounds from 200 certificates, over which fixed costs are spread', () => {
  expect(verdictsOf(199)).toEqual([]);
  expect(verdictsOf(200)).toContain('over');
  expect(verdictsOf(200)).toContain('ok');
});
