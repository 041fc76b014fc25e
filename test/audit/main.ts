import { parseArgs } from 'node:util';
import { judge, report } from './judge.ts';
import { forgetRuns, keptRequests } from './kept.ts';
import { operatorGrants } from './roles.ts';

/**
 * The last step of `npm test`: holds the rights that `deploy/` grants against what the operator asked of the API
 * servers of the whole run. Exits 1 when a right was never used, or a request refused. `--forget` is the first step.
 */
const { values } = parseArgs({ options: { forget: { type: 'boolean', default: false } } });
if (values.forget) {
  await forgetRuns();
} else {
  const requests = await keptRequests();
  if (requests === undefined) {
    console.log('Rights are not judged: that takes a run of all integration and e2e tests.');
  } else {
    const verdict = judge(await operatorGrants(), requests);
    console.log(report(verdict));
    process.exitCode = verdict.unused.length + verdict.forbidden.length === 0 ? 0 : 1;
  }
}
