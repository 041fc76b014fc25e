import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { readCrds } from '../../support/crds.ts';
import { type Judged, ROWS } from '../kstatus-objects.ts';
import { runWithObject } from './lua.ts';

const FOLDER = new URL('../../../deploy/argocd/', import.meta.url);
const script = await readFile(new URL('health.lua', FOLDER), 'utf8');

interface HealthStatus {
  readonly status: string;
  readonly message: string;
}

async function healthOf(object: Judged): Promise<HealthStatus> {
  return (await runWithObject(script, object)) as HealthStatus;
}

test.each(ROWS)('Argo CD calls %s what it is', async (_, object, _kstatus, expected) => {
  const { status, message } = await healthOf(object);
  expect(status).toBe(expected);
  expect(message).not.toBe('');
});

test.each([
  [
    'the message of Ready',
    'an OriginCertificate in order',
    'Secret web-tls holds a certificate for 2 hostnames.',
  ],
  [
    'why a renewal fails although all is well',
    'an OriginCertificate whose renewal fails',
    'Secret web-tls holds a certificate for 2 hostnames. Issuing: no answer',
  ],
  [
    'what a person is to do',
    'an OriginCertificate whose Secret two want',
    expect.stringMatching(/^SecretConflict: Secret web-tls is kept by OriginCertificate api\. .+/),
  ],
  [
    'what differs in a zone that can be read',
    'an OriginZone that differs and is only observed',
    expect.stringMatching(/^The zone can be read\. InSync: .*spec\.mode is Observe/),
  ],
  ['what is waited for', 'an OriginIssuer whose token is yet to come', 'CredentialsMissing: no Secret'],
])('and tells %s', async (_, what, expected) => {
  const [, object] = ROWS.find(([name]) => name === what) ?? [];
  if (object === undefined) throw new Error(`no row '${what}'`);
  expect((await healthOf(object)).message).toEqual(expected);
});

test('every kind has the one health check, under the key by which Argo CD finds it', async () => {
  const { configMapGenerator } = parse(await readFile(new URL('kustomization.yaml', FOLDER), 'utf8')) as {
    configMapGenerator: { name: string; files: string[] }[];
  };
  const kinds = (await readCrds()).map(({ kind }) => kind);
  const keys = kinds.map((kind) => `resource.customizations.health.originca.dev_${kind}=health.lua`);
  expect(configMapGenerator.map(({ name }) => name)).toEqual(['argocd-cm']);
  expect(configMapGenerator[0]?.files.toSorted()).toEqual(keys.toSorted());
});
