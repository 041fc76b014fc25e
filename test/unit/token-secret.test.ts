import { expect, test } from 'vitest';
import { readToken } from '../../src/token-secret.ts';
import { kubeWithSecret } from '../support/kube-with-secret.ts';

const PLACE = { namespace: 'shop', name: 'cloudflare', key: 'api-token', share: 'certificates' } as const;

function read(data: Readonly<Record<string, string>> | undefined) {
  return readToken(kubeWithSecret(data), PLACE, AbortSignal.timeout(1000));
}

test.each([
  ['the placeholder', 'PUT-YOUR-API-TOKEN-HERE', 'This is the placeholder of the example'],
  ['a service key', 'v1.0-0123456789abcdef', 'This is an Origin CA key'],
  ['a global key', '0123456789'.repeat(3) + 'abcdef0', 'This is a Global API Key'],
  ['several words', 'Planted 0123456789', 'The API token holds spaces'],
  ['a page of text', 'Planted0123456789'.repeat(100), 'The API token has 1700 characters'],
])(
  'a Secret that holds %s is named with its namespace and key, and its value never shown',
  async (_, value, words) => {
    const found = await read({ 'api-token': value });
    const message = found.state === 'unusable' ? found.message : '';
    expect(message).toContain(`Secret cloudflare in namespace shop, key api-token: ${words}`);
    expect(message).toMatch(/^Secret /);
    expect(message).not.toContain(value);
    expect(message).not.toContain('0123456789');
  },
);

test.each([
  ['the Secret', undefined, 'There is no Secret cloudflare in namespace shop.'],
  ['the key', { token: 'Planted' }, 'Secret cloudflare in namespace shop has nothing under key api-token'],
  ['the value', { 'api-token': ' \n' }, 'Secret cloudflare in namespace shop is empty under key api-token.'],
])('where %s is missing that is said with the Secret, its namespace and the key', async (_, data, words) => {
  const found = await read(data);
  const message = found.state === 'missing' ? found.message : '';
  expect(message).toContain(words);
  expect(message).toContain('under key api-token');
  expect(message).not.toContain('Planted');
});
