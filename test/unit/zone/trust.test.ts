import { describe, expect, test } from 'vitest';
import type { KubeClient } from '../../../src/kube/client.ts';
import { readCustomTrust } from '../../../src/zone/trust.ts';
import { kubeWithSecret } from '../../support/kube-with-secret.ts';
import { originRoots } from '../../support/signed.ts';

const { ca } = await originRoots();
const root = ca.rsa.certificate;

function read(data: Readonly<Record<string, string>> | undefined) {
  const secret = { name: 'roots', key: 'ca.crt' };
  return readCustomTrust(kubeWithSecret(data), 'ops', secret, AbortSignal.timeout(1000));
}

describe('the roots of spec.gate.trustedCASecretRef', () => {
  test('are none where it is absent', async () => {
    const kube = {} as unknown as KubeClient; // Nothing is asked of it.
    expect(await readCustomTrust(kube, 'ops', undefined, AbortSignal.timeout(1000))).toEqual({
      state: 'usable',
      certificates: [],
    });
  });

  test('are all certificates of the key, with whatever stands between them', async () => {
    const found = await read({ 'ca.crt': `# ours\n${root}\nissuer=x\n${ca.ecc.certificate}` });
    expect(found.state === 'usable' && found.certificates).toHaveLength(2);
  });

  test.each([
    ['there is no Secret', undefined, 'There is no Secret roots in namespace ops'],
    ['the key is not there', { 'tls.crt': root }, 'nothing under key ca.crt'],
    ['the key is empty', { 'ca.crt': ' \n' }, 'nothing under key ca.crt'],
    ['it holds no PEM', { 'ca.crt': 'SECRET WORDS' }, 'something else than certificates'],
    [
      'one block cannot be read',
      { 'ca.crt': `${root}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----` },
      'something else',
    ],
  ])('are unusable when %s', async (_, data, words) => {
    const found = await read(data);
    const message = found.state === 'unusable' ? found.message : '';
    expect(message).toContain(words);
    expect(message).toContain('no origin is judged');
    expect(message).not.toContain('SECRET WORDS');
  });
});
