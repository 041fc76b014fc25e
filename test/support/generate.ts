import { writeFile } from 'node:fs/promises';
import { sayUsage } from '../programs/usage.ts';
import { generatePrometheusRule, PROMETHEUS_RULE } from './prometheus-rules.ts';
import { API_TYPES, generateApiTypes } from './generate-api-types.ts';
import { README, readReadme, withFlags } from './readme.ts';

/** `npm run generate`: writes what is derived from the CRDs, from the code and from the alerts. */
const usage = 'npm run generate: rewrites what follows from CRDs, flags and alerts; takes no flags';
const usageCode = sayUsage(process.argv.slice(2), usage);
if (usageCode !== undefined) process.exit(usageCode);
await writeFile(API_TYPES, await generateApiTypes());
await writeFile(README, await withFlags(await readReadme()));
await writeFile(PROMETHEUS_RULE, await generatePrometheusRule());
