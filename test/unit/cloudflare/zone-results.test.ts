import { describe, expect, test } from 'vitest';
import { builtInRoots } from '../../../src/cloudflare/roots.ts';
import { clientCertificateOf, dnsRecordOf, zoneSettingOf } from '../../../src/cloudflare/zone-results.ts';

describe('a DNS record', () => {
  const sent = { id: 'r', name: 'A.Example.com', type: 'cname', content: 'b.example.net', ttl: 1 };

  test('has its name and type in one spelling', () => {
    expect(dnsRecordOf({ ...sent, proxied: true, proxiable: true })).toEqual({
      id: 'r',
      name: 'a.example.com',
      type: 'CNAME',
      content: 'b.example.net',
      proxied: true,
      proxiable: true,
    });
  });

  test.each([
    ['Bücher.example', 'xn--bcher-kva.example'],
    ['*.Bücher.example', '*.xn--bcher-kva.example'],
    ['*.example.com', '*.example.com'],
    ['_dmarc.example.com', '_dmarc.example.com'],
    ['example.com.', 'example.com'],
  ])('named %s is %s', (name, ascii) => {
    expect(dnsRecordOf({ ...sent, name })?.name).toBe(ascii);
  });

  test('that says nothing of proxying is not proxied', () => {
    expect(dnsRecordOf({ id: 'r', name: 'a.example', type: 'MX' })).toMatchObject({
      content: '',
      proxied: false,
      proxiable: false,
    });
    expect(dnsRecordOf({ ...sent, proxied: 'true' })?.proxied).toBe(false);
  });

  test.each([null, 'text', [], {}, { ...sent, id: '' }, { ...sent, name: 7 }, { ...sent, type: undefined }])(
    'is none: %j',
    (value) => {
      expect(dnsRecordOf(value)).toBeUndefined();
    },
  );
});

describe('a setting', () => {
  test('goes by the name it was asked by', () => {
    const sent = { id: 'ssl_tls_configuration_mode', value: 'auto', editable: true, modified_on: null };
    expect(zoneSettingOf('ssl_automatic_mode', sent)).toEqual({
      id: 'ssl_automatic_mode',
      value: 'auto',
      editable: true,
      modifiedOn: undefined,
    });
  });

  test('says when it was changed, and whether it can be', () => {
    const sent = { value: 'on', editable: false, modified_on: '2014-01-01T05:20:00.12345Z' };
    expect(zoneSettingOf('tls_1_3', sent)).toMatchObject({
      editable: false,
      modifiedOn: Date.UTC(2014, 0, 1, 5, 20, 0, 123),
    });
    expect(zoneSettingOf('tls_1_3', { value: 'on' })?.editable).toBe(true);
  });

  test.each([null, [], {}, { value: null }])('without a value is none: %j', (value) => {
    expect(zoneSettingOf('ssl', value)).toBeUndefined();
  });

  test('may have any value that is one', () => {
    const value = { strict_transport_security: { enabled: false } };
    expect(zoneSettingOf('security_header', { value })?.value).toBe(value);
    expect(zoneSettingOf('tls_client_auth', { value: false })?.value).toBe(false);
  });
});

describe('a client certificate', () => {
  const [root] = builtInRoots();
  const pem = root?.toString() ?? '';

  test('is described by itself, whatever the answer adds', () => {
    const certificate = clientCertificateOf({
      id: 'c',
      certificate: pem.trim(),
      status: 'pending_deployment',
      expires_on: '2100-01-01T00:00:00Z',
      uploaded_on: '2026-11-21T12:00:00Z',
      private_key: 'never returned',
    });
    expect(certificate).toEqual({
      id: 'c',
      certificate: pem.trim(),
      status: 'pending_deployment',
      fingerprintSHA256: root?.fingerprint256,
      publicKeyDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
      notAfter: root?.validToDate.getTime(),
      uploadedOn: Date.UTC(2026, 10, 21, 12),
    });
  });

  test.each([
    'initializing',
    'pending_deployment',
    'active',
    'pending_deletion',
    'deleted',
    'deployment_timed_out',
    'deletion_timed_out',
  ])('can be %s', (status) => {
    expect(clientCertificateOf({ id: 'c', status })?.status).toBe(status);
  });

  test.each([undefined, 'Active', 'expired', 3, 'unknown'])('of status %j is unknown', (status) => {
    expect(clientCertificateOf({ id: 'c', status })?.status).toBe('unknown');
  });

  test('that cannot be read is listed all the same', () => {
    const sent = { id: 'c', certificate: 'garbage', status: 'active', expires_on: '2027-01-01T00:00:00Z' };
    expect(clientCertificateOf(sent)).toMatchObject({
      fingerprintSHA256: undefined,
      publicKeyDigest: undefined,
      notAfter: Date.UTC(2027, 0),
      uploadedOn: undefined,
    });
  });

  test.each([null, [], {}, { id: 7 }])('without an id is none: %j', (value) => {
    expect(clientCertificateOf(value)).toBeUndefined();
  });
});
