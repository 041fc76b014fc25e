import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ANNOTATION } from '../../../src/api/names.ts';
import {
  unissuedRecord,
  damagedAnnotations,
  recordAnnotations,
  repairedRecord,
} from '../../../src/certificate/record.ts';
import { certificateFacts, record, targetFacts } from './fixtures.ts';

const none = { renew: '', rekey: '' };
const notes = Object.keys(recordAnnotations(record()));

describe('the record of a target', () => {
  test('is read back as it was written', () => {
    const written = record({ handledRenewRequest: 'a: b', previousCertificateId: '7', revision: 12 });
    const target = targetFacts({ annotations: recordAnnotations(written) });
    expect(repairedRecord(target, certificateFacts(), 'web', none)).toEqual(written);
    expect(damagedAnnotations(target, written)).toEqual([]);
  });

  test('is complete and stable after one repair, whatever became of its annotations', () => {
    const damage = fc.dictionary(fc.constantFrom(...notes), fc.option(fc.string()));
    const requests = fc.record({ renew: fc.string(), rekey: fc.constant('') });
    fc.assert(
      fc.property(damage, requests, (changes, requested) => {
        const annotations: Record<string, string> = { ...recordAnnotations(record()) };
        for (const [key, value] of Object.entries(changes)) {
          if (value === null) delete annotations[key];
          else annotations[key] = value;
        }
        const repaired = repairedRecord(targetFacts({ annotations }), certificateFacts(), 'web', requested);
        expect(repaired.need.hostnames).toEqual(certificateFacts().hostnames);
        expect(repaired.certificateId).toBe('1001');
        const mended = targetFacts({ annotations: recordAnnotations(repaired) });
        expect(repairedRecord(mended, certificateFacts(), 'web', requested)).toEqual(repaired);
      }),
    );
  });

  test('of a Secret that was taken over compares no more than hostnames, also where the note of them is lost', () => {
    const rsa = certificateFacts({ algorithm: 'RSA', size: 2048 });
    const taken = unissuedRecord('web', rsa, none, { adopted: true });
    expect(taken).toMatchObject({ adopted: true, issuedFor: '', need: { hostnames: rsa.hostnames } });
    const annotations = recordAnnotations(taken);
    expect(repairedRecord(targetFacts({ annotations }), rsa, 'web', none)).toEqual(taken);
    const { [ANNOTATION.need]: _lost, ...others } = annotations;
    expect(repairedRecord(targetFacts({ annotations: others }), rsa, 'web', none)).toEqual(taken);
  });

  test.each([
    ['is missing', undefined],
    ['is garbled', 'nonsense'],
    ['is of another certificate', '999:old'],
  ])('takes the present request for handled where the note %s', (_, note) => {
    const { [ANNOTATION.handledRenewRequest]: _old, ...others } = recordAnnotations(record());
    const annotations = note === undefined ? others : { ...others, [ANNOTATION.handledRenewRequest]: note };
    const repaired = repairedRecord(targetFacts({ annotations }), certificateFacts(), 'web', {
      renew: 'now',
      rekey: '',
    });
    expect(repaired.handledRenewRequest).toBe('now');
  });
});
