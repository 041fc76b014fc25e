import {
  destination as pinoDestination,
  type DestinationStream,
  type Logger,
  type LoggerOptions,
  pino,
  stdTimeFunctions,
} from 'pino';
import { prettyFactory } from 'pino-pretty';

export interface LogOptions {
  readonly level: string;
  readonly format: 'json' | 'pretty';
  /** Where lines go; standard output by default. */
  readonly destination?: DestinationStream;
}

/**
 * The process's logger; every other is a child of it. One JSON object a line, or lines for a person. No worker
 * thread writes: what was logged before a crash is out.
 *
 * Secrets are kept out of errors and log calls to begin with. What is done here is the last net: fields with the
 * names that secrets go by, and anything in a line that looks like a private key or an Authorization header.
 */
export function createLogger({ level, format, destination }: LogOptions): Logger {
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: REDACTED_PATHS, censor: '[redacted]' },
    hooks: { streamWrite: withoutSecrets },
  };
  const out = destination ?? pinoDestination({ fd: 1, sync: true });
  return pino(options, format === 'pretty' ? prettyStream(out, destination === undefined) : out);
}

/** Lines for a person, formatted in this process. */
function prettyStream(out: DestinationStream, isStdout: boolean): DestinationStream {
  const colorize = isStdout && process.stdout.isTTY;
  const format = prettyFactory({ colorize, translateTime: 'SYS:HH:MM:ss.l', messageFormat: oneLine });
  return {
    write: (line) => {
      out.write(format(line));
    },
  };
}

/** A message may quote what people and servers wrote: it must not look like a line of ours, nor command a terminal. */
function oneLine(line: Readonly<Record<string, unknown>>, key: string): string {
  const message = line[key];
  return typeof message === 'string' ? message.replaceAll(/\p{C}+/gu, ' ') : '';
}

const SECRET_FIELDS = ['token', 'apiToken', 'authorization', 'Authorization', 'privateKey', 'privateKeyPem'];
const SECRET_KEYS = ['["tls.key"]', '["tls-combined.pem"]', '["api-token"]'];
/** The payload of a Kubernetes Secret, at the depths at which an object may be logged. */
const SECRET_DATA = ['data', 'stringData'];

const REDACTED_PATHS = [...SECRET_FIELDS, ...SECRET_DATA]
  .flatMap((field) => [field, `*.${field}`, `*.*.${field}`])
  .concat(SECRET_KEYS.flatMap((field) => [field, `*${field}`]));

const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|(?="))/g;
/** `-----BEGIN` in base64, as a Secret's data holds PEM. */
const BASE64_PEM = /LS0tLS1CRUdJTi[A-Za-z0-9+/=]+/g;
const BEARER = /\b(Bearer\s+)[A-Za-z0-9._~+/=-]{8,}/gi;

function withoutSecrets(line: string): string {
  // Nearly every line passes these three tests at once; the replacements are for the one that should not be.
  if (!line.includes('PRIVATE KEY') && !line.includes('LS0tLS1') && !/bearer/i.test(line)) return line;
  return line
    .replace(PRIVATE_KEY, '[redacted]')
    .replace(BASE64_PEM, '[redacted]')
    .replace(BEARER, '$1[redacted]');
}
