import { writeFile } from 'node:fs/promises';
import { API_TYPES, generateApiTypes } from './generate-api-types.ts';
import { README, readReadme, withFlags } from './readme.ts';

/** `npm run generate`: writes what is derived from the CRDs and from the code. */
await writeFile(API_TYPES, await generateApiTypes());
await writeFile(README, await withFlags(await readReadme()));
