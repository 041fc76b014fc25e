import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { builtInRoots, describeRoot, loadRoots } from '../../../src/cloudflare/roots.ts';
import { builtInOriginPullCa, loadOriginPullCa } from '../../../src/cloudflare/origin-pull-ca.ts';
import { generateKey } from '../../../src/pki/keys.ts';

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'originca-roots-'));
});
afterAll(() => rm(dir, { recursive: true }));

async function file(name: string, text: string): Promise<string> {
  const path = join(dir, name);
  await writeFile(path, text);
  return path;
}

describe('builtInRoots', () => {
  test("are Cloudflare's two published Origin CA roots, each self-signed", () => {
    const roots = builtInRoots();
    expect(roots.map(({ fingerprint256 }) => fingerprint256)).toEqual([
      'D3:C7:E8:5C:91:70:7F:C0:A1:2A:BC:5D:88:26:67:47:AA:4F:A8:E7:B1:62:F6:33:FF:B3:C9:D9:89:94:76:20',
      'AA:63:69:7A:22:76:4B:67:B2:13:4C:E1:4C:B5:69:0E:A3:36:94:0B:93:98:61:13:F4:95:45:91:78:32:D8:0D',
    ]);
    for (const root of roots) expect(root.ca && root.verify(root.publicKey)).toBe(true);
  });

  test('are described by their names and their end', () => {
    expect(builtInRoots().map(describeRoot)).toEqual([
      { name: 'CloudFlare Origin SSL Certificate Authority', notAfter: Date.parse('2029-08-15T17:00:00Z') },
      {
        name: 'CloudFlare Origin SSL ECC Certificate Authority',
        notAfter: Date.parse('2029-08-15T17:00:00Z'),
      },
    ]);
  });
});

describe('loadRoots', () => {
  const [rsa, ecc] = builtInRoots().map(String);

  test('reads every certificate of the file, whatever stands between them', async () => {
    const roots = await loadRoots(await file('both.pem', `# RSA\n${rsa}\n\n# ECC\n${ecc}`));
    expect(roots.map(({ fingerprint256 }) => fingerprint256)).toEqual(
      builtInRoots().map(({ fingerprint256 }) => fingerprint256),
    );
  });

  test('names a file that is not there', async () => {
    await expect(loadRoots(join(dir, 'absent.pem'))).rejects.toThrow(
      `--origin-ca-roots ${join(dir, 'absent.pem')}: the file cannot be read (ENOENT). Name a readable PEM file, or leave the flag out`,
    );
  });

  test('names a file without certificates, and shows nothing of it', async () => {
    const { privateKeyPem } = await generateKey({ algorithm: 'ECDSA', size: 256 });
    const path = await file('key.pem', privateKeyPem);
    const failure = await loadRoots(path).catch(String);
    expect(failure).toContain(`${path}: the file holds no certificate. Put PEM blocks`);
    expect(failure).not.toContain(privateKeyPem.split('\n')[1]);
  });

  test('says which block of the file is broken', async () => {
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    await expect(loadRoots(await file('broken.pem', `${rsa}${broken}`))).rejects.toThrow(
      'broken.pem: certificate 2 of 2 cannot be parsed. Replace it',
    );
  });
});

describe('the CA behind origin pulls', () => {
  test('is the one that Cloudflare published, self-signed, and is described by its name and its end', () => {
    const [ca, ...others] = builtInOriginPullCa();
    expect(others).toEqual([]);
    expect(ca?.fingerprint256).toBe(
      '9A:1A:C2:B4:BE:15:F9:F2:7E:EE:20:A7:34:CB:A4:E9:89:8F:61:00:1B:3B:D7:C8:4B:69:B5:6A:3E:25:A2:B9',
    );
    expect(ca?.ca === true && ca.verify(ca.publicKey)).toBe(true);
    expect(builtInOriginPullCa().map(describeRoot)).toEqual([
      { name: 'origin-pull.cloudflare.net', notAfter: Date.parse('2029-11-01T17:00:00Z') },
    ]);
  });

  test('is replaced by those of a file', async () => {
    const path = await file('pull.pem', builtInRoots().join('\n'));
    expect((await loadOriginPullCa(path)).map(String)).toEqual(builtInRoots().map(String));
  });

  test('has complaints that name its own flag', async () => {
    await expect(loadOriginPullCa(join(dir, 'absent.pem'))).rejects.toThrow(
      `--origin-pull-ca ${join(dir, 'absent.pem')}: the file cannot be read (ENOENT). Name a readable PEM file, or leave the flag out to trust Cloudflare's own CA.`,
    );
  });
});
