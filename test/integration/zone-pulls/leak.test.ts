import { createPrivateKey } from 'node:crypto';
import { expect, test } from 'vitest';
import { createAuthority } from '../../../src/pki/authority.ts';
import { decode } from '../../../src/secret-facts.ts';
import { PullStage } from './stage.ts';
import { openTheatre } from './theatre.ts';

const KEYS = ['ca.key', 'next-ca.key', 'tls.key', 'next-tls.key'];

/** Every way in which a private key could stand in a text; each is enough to know it. */
function spellings(pem: string): readonly string[] {
  const key = createPrivateKey(pem);
  const der = key.export({ type: 'pkcs8', format: 'der' });
  const { d = '' } = key.export({ format: 'jwk' });
  const lines = pem.split('\n').filter((line) => line !== '' && !line.startsWith('-----'));
  return [...lines, Buffer.from(pem).toString('base64').slice(60, 160), der.toString('hex'), d];
}

test('no log line, event or status holds the key of a CA or a client certificate, in good weather or bad', async () => {
  await using theatre = await openTheatre();
  await using stage = await PullStage.open(theatre);
  const keys = new Set<string>();
  const reports: string[] = [];
  const collect = async (until: (state: string | undefined) => boolean): Promise<void> => {
    await stage.until('the next scene', async (report) => {
      reports.push(JSON.stringify(report));
      const data = (await stage.objects.secret())?.data ?? {};
      for (const name of KEYS) {
        const pem = decode(data[name]);
        if (pem) keys.add(pem);
      }
      return until(report.status?.safeToDemand === true ? report.status.state : undefined);
    });
  };

  await theatre.simulator.inject({ operation: 'uploadClientCertificate', resetAfter: true });
  await theatre.simulator.inject({ operation: 'uploadClientCertificate', status: 400, code: 1002, skip: 1 });
  await stage.apply({ mode: 'Zone', publish: [{ kind: 'Secret', namespace: stage.namespace, name: 'ca' }] });
  await collect((state) => state === 'Presenting');
  await stage.jump(61 * 86_400_000);
  await collect((state) => state === 'Rotating');
  await collect((state) => state === 'Presenting');
  stage.probing = true;
  const given = await createAuthority('example.com', stage.clock.now());
  keys.add(given.privateKey);
  await stage.objects.putCa(`${stage.name}-ca`, given);
  await stage.apply({ mode: 'Zone', caSecretRef: { name: `${stage.name}-ca` } });
  await collect((state) => state === 'Rotating');
  await collect((state) => state === 'Presenting');

  expect(keys.size).toBeGreaterThanOrEqual(5);
  const texts = [...stage.logs, ...reports, ...(await stage.events())].join('\n');
  expect(texts).toContain('OriginPullPresenting');
  const found = [...keys].flatMap((pem) => spellings(pem).filter((needle) => texts.includes(needle)));
  expect(found).toEqual([]);

  // The search itself works: where a key is, it finds it. The given CA's key was never copied there.
  const stored = JSON.stringify(
    Object.values((await stage.objects.secret())?.data ?? {}).map((value) => decode(value)),
  );
  const lines = [...keys].filter((pem) => stored.includes(pem.split('\n')[3] ?? ''));
  expect(lines).toHaveLength(1);
  expect(lines).not.toContain(given.privateKey);
});
