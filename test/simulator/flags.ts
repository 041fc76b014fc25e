import { parseArgs } from 'node:util';

export interface Flags {
  readonly port: number;
  readonly controlPort: number;
  /** Print one JSON line (Addresses) instead of text for a person. */
  readonly json: boolean;
  /** End when standard input closes: the parent is gone. */
  readonly untilStdinCloses: boolean;
  readonly help: boolean;
}

/** Flags that cannot be used; the message is one sentence for the person who typed them. */
export class FlagError extends Error {}

export const HELP = `Usage: npm run simulator -- [flags]
  --port N               port of the API over HTTPS; default 0: any free one
  --control-port N       port of the control endpoint over HTTP; default 0: any free one
  --json                 print the addresses as one line of JSON
  --until-stdin-closes   end when standard input closes
  --help                 this text
`;

/** Reads the command line. Throws FlagError with the flag, its value and the remedy. */
export function parseFlags(args: readonly string[]): Flags {
  const values = parsed(args);
  return {
    port: portOf('--port', values.port),
    controlPort: portOf('--control-port', values['control-port']),
    json: values.json,
    untilStdinCloses: values['until-stdin-closes'],
    help: values.help,
  };
}

function parsed(args: readonly string[]): {
  port?: string;
  'control-port'?: string;
  json: boolean;
  'until-stdin-closes': boolean;
  help: boolean;
} {
  try {
    return parseArgs({
      args: [...args],
      options: {
        port: { type: 'string' },
        'control-port': { type: 'string' },
        json: { type: 'boolean', default: false },
        'until-stdin-closes': { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    const [sentence = ''] = (error instanceof Error ? error.message : '').split('. ');
    throw new FlagError(`${sentence.replace(/\.$/, '')}; --help lists the flags.`, { cause: error });
  }
}

function portOf(flag: string, text: string | undefined): number {
  if (text === undefined) return 0;
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new FlagError(`${flag} is "${text}"; it must be a port number from 0 (any free one) to 65535.`);
}
