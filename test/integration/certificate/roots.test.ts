import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { builtInRoots } from '../../../src/cloudflare/roots.ts';
import { events } from '../../../src/kube/resource.ts';
import { JumpClock } from '../../support/jump-clock.ts';
import { type RunningOperator, Scene } from '../../support/scene.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { certificatesAt, idIn, issued } from './pairs.ts';

/** A root that signed nothing here: Cloudflare's own, while the simulator signs by roots of its own making. */
let otherRoots = '';
let dir = '';
let scene: Scene;
let operator: RunningOperator;
const clock = new JumpClock();

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'originca-roots-'));
  otherRoots = join(dir, 'roots.pem');
  await writeFile(otherRoots, builtInRoots().join('\n'));
  scene = await Scene.start('roots');
  await scene.createIssuer();
  operator = await scene.startOperator({ clock });
});

afterAll(async () => {
  await scene[Symbol.asyncDispose]();
  await rm(dir, { recursive: true });
});

async function restart(...flags: string[]): Promise<void> {
  await operator.stop();
  operator = await scene.startOperator({ clock, flags });
}

async function readyMessage(name: string): Promise<string> {
  const { status } = await scene.condition(name, 'Ready', 'Issued', 'True');
  return status?.conditions?.find(({ type }) => type === 'Ready')?.message ?? '';
}

async function outlivingEvents(name: string): Promise<readonly { readonly note: string }[]> {
  const signal = AbortSignal.timeout(15_000);
  const all = await scene.kube.listAll(events, { namespace: scene.namespace, signal });
  return all
    .filter(({ reason, regarding }) => reason === 'OutlivesRoot' && regarding?.name === name)
    .map(({ note }) => ({ note }));
}

describe('a certificate that outlives its root', () => {
  test('is written and Ready, and its status says so', async () => {
    await issued(scene, 'long', { validityDays: 5475 });
    expect(await readyMessage('long')).toContain('It outlives its root, which ends 2029-08-15: ');
  });

  test('is announced once, whatever else its status comes to say', async () => {
    const seen = await waitFor(
      'the event',
      async () => {
        const found = await outlivingEvents('long');
        return found.length > 0 ? found : new NotYet(found);
      },
      { timeoutMs: 10_000 },
    );
    expect(seen).toEqual([
      { note: expect.stringContaining('Certificate in Secret long-tls: It outlives its root') },
    ]);
    const before = (await scene.certificate('long'))?.status?.renewalTime;
    await restart();
    await scene.applyCertificate('long', { validityDays: 5475, renewBefore: '800h' });
    await waitFor(
      'another status',
      async () => {
        const status = (await scene.certificate('long'))?.status;
        return status?.renewalTime !== before || new NotYet(status);
      },
      { timeoutMs: 10_000 },
    );
    await issued(scene, 'after', { validityDays: 5475, hostnames: ['after.example.com'] });
    await waitFor(
      'the event of another',
      async () => (await outlivingEvents('after')).length === 1 || new NotYet('none'),
      { timeoutMs: 10_000 },
    );
    expect(await outlivingEvents('long')).toHaveLength(1);
  });

  test('is counted down by its root, not by its own end alone', async () => {
    const { body } = await request(`http://127.0.0.1:${operator.metricsPort}/metrics`);
    const lines = (await body.text()).split('\n');
    const labels = `{namespace="${scene.namespace}",name="long"}`;
    const end = Date.UTC(2029, 7, 15, 17) / 1000;
    expect(lines).toContain(`originca_certificate_root_not_after_timestamp_seconds${labels} ${end}`);
    expect(lines.filter((line) => line.startsWith('originca_root_not_after'))).toEqual([
      `originca_root_not_after_timestamp_seconds{root="CloudFlare Origin SSL Certificate Authority"} ${end}`,
      `originca_root_not_after_timestamp_seconds{root="CloudFlare Origin SSL ECC Certificate Authority"} ${end}`,
      `originca_root_not_after_timestamp_seconds{root="origin-pull.cloudflare.net"} ${Date.UTC(2029, 10, 1, 17) / 1000}`,
    ]);
  });

  test('one that does not is not spoken of', async () => {
    await issued(scene, 'short', { hostnames: ['short.example.com'] });
    expect(await readyMessage('short')).toBe('Secret short-tls holds a certificate for 1 hostname.');
  });
});

describe('an unknown root', () => {
  test('in an answer is refused by the name of the flag, and no Secret is made', async () => {
    await restart(`--origin-ca-roots=${otherRoots}`);
    await scene.applyCertificate('fresh', { hostnames: ['fresh.example.com'] });
    const { status } = await scene.condition('fresh', 'Issuing', 'BadResponse', 'False');
    expect(status?.failure?.message).toContain('if Cloudflare has new roots, give them by --origin-ca-roots');
    expect(await scene.secret('fresh-tls')).toBeUndefined();
    await certificatesAt(scene, 'fresh.example.com', { live: 0, revoked: 1 });
  });

  test('leaves the pair that serves as it is, though Ready says that it is not trusted', async () => {
    const before = await scene.secret('short-tls');
    const { status } = await scene.condition('short', 'Issuing', 'BadResponse', 'False');
    expect(status?.failure?.message).toContain('--origin-ca-roots');
    expect(status?.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('False');
    expect((await scene.secret('short-tls'))?.data).toEqual(before?.data);
    await certificatesAt(scene, 'short.example.com', { live: 1, revoked: 1 });
  });

  test('is mended by the flag: what served is good again, and the rest is issued', async () => {
    const id = idIn(await scene.secret('short-tls'));
    await restart();
    await scene.condition('short', 'Ready', 'Issued', 'True');
    expect(idIn(await scene.secret('short-tls'))).toBe(id);
    await scene.simulator.advance(3_600_000);
    clock.jump(3_600_000);
    await scene.condition('fresh', 'Ready', 'Issued', 'True');
  });
});
