import manifest from '../package.json' with { type: 'json' };

/** Of the operator, as in package.json. */
export const VERSION = manifest.version;
