import type { Call } from './calls.ts';

/** A request as traces show it. */
export function describe(call: Call): string {
  switch (call.verb) {
    case 'get':
      return `get ${call.plural} ${call.name}`;
    case 'list keepers':
      return 'list certificates of cert-manager';
    case 'list':
      return 'list secrets';
    case 'create':
      return `create ${call.body.metadata.name ?? ''}`;
    case 'apply':
      return `apply ${call.plural} ${call.body.metadata.name ?? ''}${call.dryRun ? ' (dry run)' : ''}`;
    case 'patch':
      return `patch ${call.name}`;
    case 'delete':
      return `delete ${call.name}`;
    case 'post':
      return `POST for key ${call.key}`;
    case 'listing':
      return 'list certificates';
    case 'read':
      return `read certificate ${call.id}`;
    case 'revoke':
      return `revoke certificate ${call.id}`;
  }
}
