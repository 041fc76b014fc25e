import { secrets } from '../../src/kube/resource.ts';
import { createAuthority } from '../../src/pki/authority.ts';
import { encode } from '../../src/secret-facts.ts';
import { SYSTEM_NAMESPACE } from '../kill/system.ts';
import { PULL_CAS, pullCaName } from './site.ts';
import type { Stage } from './stage.ts';
import { writing } from './writing.ts';

/** Puts the CAs in place that people may tell the operator to use. */
export async function putPullCas({ kube, places }: Pick<Stage, 'kube' | 'places'>): Promise<void> {
  for (let number = 0; number < PULL_CAS; number += 1) {
    const { certificate, privateKey } = await createAuthority(pullCaName(number), Date.now());
    const data = { 'tls.crt': encode(certificate), 'tls.key': encode(privateKey) };
    const metadata = { name: places.systemName(pullCaName(number)), namespace: SYSTEM_NAMESPACE };
    await kube.create(secrets, { metadata, data }, writing());
  }
}
