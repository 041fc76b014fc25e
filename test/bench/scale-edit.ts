import { ANNOTATION } from '../../src/api/names.ts';
import { secrets } from '../../src/kube/resource.ts';
import { NotYet, waitFor } from '../support/wait.ts';
import { auditMark, timesOf } from './audit.ts';
import { PREFIX, type Size } from './scale-seed.ts';
import { certificateOf, namespaceOf, OPERATOR_USER, type World, write } from './world.ts';

export interface EditFigures {
  /** From the API server's answer to the editor until the operator read the Secret: the longest. */
  readonly noticedMs: number;
  /** Until the Secret was as before: the longest. */
  readonly mendedMs: number;
}

const EDITS = 10;

/** Damages one Secret after the other and waits until the operator has mended each. */
export async function measureEdits({ kube, plane }: World, size: Size): Promise<EditFigures> {
  const signal = AbortSignal.timeout(120_000);
  let [noticedMs, mendedMs] = [0, 0];
  for (let edit = 0; edit < Math.min(EDITS, size.certificates); edit += 1) {
    const index = Math.floor((edit * size.certificates) / EDITS);
    const namespace = namespaceOf(PREFIX, index, size.namespaces);
    const ref = { namespace, name: certificateOf(namespace, index).spec.secretName };
    const mark = await auditMark(plane.auditLogPath);
    const damage = { metadata: { annotations: { [ANNOTATION.revision]: 'edited' } } };
    await kube.mergePatch(secrets, ref, damage, { ...write, signal });
    const seen = await waitFor(
      `Secret ${ref.name} to be mended`,
      async () => {
        const times = await timesOf(plane.auditLogPath, mark, ref);
        const [edited] = times.filter(({ user, verb }) => user !== OPERATOR_USER && verb === 'patch');
        const [first] = times.filter(({ user }) => user === OPERATOR_USER);
        const [mended] = times.filter(({ user, verb }) => user === OPERATOR_USER && verb === 'patch');
        return edited && first && mended ? { edited, first, mended } : new NotYet(times);
      },
      { timeoutMs: 60_000, intervalMs: 100 },
    );
    noticedMs = Math.max(noticedMs, seen.first.receivedMs - seen.edited.answeredMs);
    mendedMs = Math.max(mendedMs, seen.mended.answeredMs - seen.edited.answeredMs);
  }
  return { noticedMs, mendedMs };
}
