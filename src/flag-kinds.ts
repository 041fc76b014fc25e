import { isIP } from 'node:net';
import { formatDuration, parseDuration } from './api/duration.ts';
import { type ListenAddress, parseAddress } from './telemetry/address.ts';

/** One flag: how it is written, what it defaults to, how its text is read. The table below is also the help. */
export interface Flag<Value> {
  /** What stands for the value in the help; '' for a switch. */
  readonly placeholder: string;
  readonly fallback: Value;
  /** The default as the help prints it. */
  readonly shown: string;
  readonly help: string;
  /** The value of `text`, or the end of a sentence that says what is wrong with it and what to write. */
  readonly parse: (text: string) => Parsed<Value>;
}

export type Parsed<Value> = { readonly value: Value } | { readonly problem: string };

/** Any text, such as a path; absent by default. */
export function text(placeholder: string, help: string): Flag<string | undefined> {
  return { placeholder, fallback: undefined, shown: '', help, parse: (value) => ({ value }) };
}

const TRUE = new Set(['true', '1']);
const FALSE = new Set(['false', '0']);

/** A switch: `--x`, `--x=false`, `--no-x`. */
export function toggle(fallback: boolean, help: string): Flag<boolean> {
  return {
    placeholder: '',
    fallback,
    shown: fallback ? 'true' : '',
    help,
    parse: (value) => {
      if (TRUE.has(value)) return { value: true };
      return FALSE.has(value)
        ? { value: false }
        : { problem: 'is neither true nor false: write one of them' };
    },
  };
}

interface Range {
  readonly min: number;
  readonly max: number;
  readonly whole?: boolean;
}

/** A number within a range. */
export function number({ min, max, whole = false }: Range, fallback: number, help: string): Flag<number> {
  const kind = whole ? 'a whole number' : 'a number';
  return {
    placeholder: 'N',
    fallback,
    shown: String(fallback),
    help,
    parse: (value) => {
      const parsed = (whole ? /^[0-9]+$/ : /^[0-9]+(?:\.[0-9]+)?$/).test(value) ? Number(value) : Number.NaN;
      const fits = parsed >= min && parsed <= max;
      return fits
        ? { value: parsed }
        : { problem: `is not ${kind} from ${min} to ${max}: write one, such as ${fallback}` };
    },
  };
}

/** Milliseconds, written in hours, minutes and seconds. */
export function duration(
  { minMs }: { readonly minMs: number },
  fallback: number,
  help: string,
): Flag<number> {
  const least = formatDuration(minMs);
  return {
    placeholder: 'DURATION',
    fallback,
    shown: formatDuration(fallback),
    help,
    parse: (value) => {
      const ms = parseDuration(value);
      if (ms === undefined)
        return { problem: 'is not a duration: write hours, minutes and seconds, such as 30s or 1m30s' };
      return ms >= minMs ? { value: ms } : { problem: `is too short: write at least ${least}` };
    },
  };
}

/** One of a few words. */
export function oneOf<Word extends string>(
  placeholder: string,
  words: readonly Word[],
  fallback: Word,
  help: string,
): Flag<Word> {
  return { placeholder, fallback, shown: fallback, help, parse: (value) => pick(value, words) };
}

/** One of a few words; absent by default. `shown` says what that means. */
export function optionalOneOf<Word extends string>(
  placeholder: string,
  words: readonly Word[],
  shown: string,
  help: string,
): Flag<Word | undefined> {
  return { placeholder, fallback: undefined, shown, help, parse: (value) => pick(value, words) };
}

function pick<Word extends string>(value: string, words: readonly Word[]): Parsed<Word> {
  const word = words.find((candidate) => candidate === value);
  return word === undefined ? { problem: `is unknown: write one of ${words.join(', ')}` } : { value: word };
}

const NAMESPACE = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const NO_NAMESPACE = 'is not the name of a namespace: write lower-case letters, digits and hyphens';

/** The name of a namespace; absent by default. */
export function namespace(placeholder: string, help: string): Flag<string | undefined> {
  const parse = (value: string): Parsed<string> =>
    NAMESPACE.test(value) ? { value } : { problem: NO_NAMESPACE };
  return { placeholder, fallback: undefined, shown: '', help, parse };
}

/** Names of namespaces, separated by commas; none by default. */
export function namespaces(placeholder: string, help: string): Flag<readonly string[]> {
  return {
    placeholder,
    fallback: Object.freeze([]),
    shown: '',
    help,
    parse: (value) => {
      const names = value.split(',').map((name) => name.trim());
      const wrong = names.find((name) => !NAMESPACE.test(name));
      if (wrong !== undefined)
        return { problem: `has "${wrong}", which ${NO_NAMESPACE}, separated by commas` };
      return { value: Object.freeze([...new Set(names)]) };
    },
  };
}

/** Where to listen. */
export function address(fallback: ListenAddress, help: string): Flag<ListenAddress> {
  const parse = (value: string): Parsed<ListenAddress> => {
    const parsed = parseAddress(value);
    if (parsed !== undefined) return { value: Object.freeze(parsed) };
    return { problem: 'is not an address to listen on: write host:port, such as :8080 or 127.0.0.1:8080' };
  };
  const shown = `${fallback.host ?? ''}:${fallback.port}`;
  return { placeholder: 'ADDRESS', fallback: Object.freeze(fallback), shown, help, parse };
}

const LOOPBACK = /^(?:localhost|127(?:\.[0-9]+){3}|\[::1\])$/;

/** An https URL without a trailing slash; http only towards this machine. */
export function baseUrl(fallback: string, help: string): Flag<string> {
  const parse = (value: string): Parsed<string> => {
    const url = URL.parse(value);
    if (url === null || !/^https?:$/.test(url.protocol))
      return { problem: `is not an https URL: write one, such as ${fallback}` };
    if (url.search !== '' || url.hash !== '') return { problem: 'has a query or a fragment: leave it out' };
    if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname)) {
      return { problem: 'would send API tokens unencrypted: write https' };
    }
    return { value: value.replace(/\/+$/, '') };
  };
  return { placeholder: 'URL', fallback, shown: fallback, help, parse };
}

/** Ranges of addresses, separated by commas; none by default. A lone address is a range of one. */
export function ranges(placeholder: string, help: string): Flag<readonly string[]> {
  const parse = (value: string): Parsed<readonly string[]> => {
    const given = value.split(',').map((range) => range.trim());
    const wrong = given.find((range) => rangeOf(range) === undefined);
    if (wrong !== undefined) {
      return {
        problem: `has "${wrong}", which is no range of addresses: write such as 10.0.0.0/8 or fd00::/8, separated by commas`,
      };
    }
    return { value: Object.freeze([...new Set(given.flatMap((range) => rangeOf(range) ?? []))]) };
  };
  return { placeholder, fallback: Object.freeze([]), shown: '', help, parse };
}

/** `10.0.0.0/8`, `::1/128`; undefined for what is no range. */
function rangeOf(value: string): string | undefined {
  const [, ip = '', bits] = /^([0-9A-Fa-f:.]+)(?:\/([0-9]{1,3}))?$/.exec(value) ?? [];
  const family = isIP(ip);
  if (family === 0) return undefined;
  const longest = family === 4 ? 32 : 128;
  const length = Number(bits ?? longest);
  return length <= longest ? `${ip}/${length}` : undefined;
}

/** `[v6]`, `[v6]:port`, `v4` or `v4:port`. */
const SERVER = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::([0-9]{1,5}))?$/;
const DNS_PORT = 53;

/** The address of a server, with its port; absent by default. Never a name: it is what names are looked up by. */
export function server(placeholder: string, help: string): Flag<string | undefined> {
  const parse = (value: string): Parsed<string> => {
    const whole = isIP(value) === 6 ? `[${value}]` : value;
    const [, v6, v4 = '', port = DNS_PORT] = SERVER.exec(whole) ?? [];
    const isAddress = v6 === undefined ? isIP(v4) === 4 : isIP(v6) === 6;
    if (isAddress && Number(port) >= 1 && Number(port) <= 65_535)
      return { value: `${v6 === undefined ? v4 : `[${v6}]`}:${Number(port)}` };
    return { problem: 'is not the address of a server: write such as 10.96.0.10, 10.96.0.10:53 or [::1]:53' };
  };
  return { placeholder, fallback: undefined, shown: '', help, parse };
}
