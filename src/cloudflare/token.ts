import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { allPermissions } from './operation.ts';

const REDACTED = '[redacted]';
/** What tokens are made of: letters, digits and what base64url and prefixes add. */
const TOKEN_TEXT = /^[A-Za-z0-9._~-]+$/;
/** Cloudflare's have 40 to 53 characters; a header of more than some KiB no server takes. */
const MAX_LENGTH = 1024;
/** In deploy/examples/issuer.yaml. */
const PLACEHOLDER = 'PUT-YOUR-API-TOKEN-HERE';
const GLOBAL_KEY = /^[0-9a-f]{37}$/;

/**
 * A Cloudflare API token. Wrapped so that it cannot slip into a log line, an error or a status by accident:
 * every usual way to print it prints `[redacted]`.
 */
export class ApiToken {
  readonly #value: string;

  /** Surrounding whitespace is dropped: a Secret made with `echo` ends in a newline. */
  constructor(value: string) {
    this.#value = value.trim();
  }

  /** The token itself, for the Authorization header and nothing else. */
  reveal(): string {
    return this.#value;
  }

  /** Names the token in maps; not for logs, since it stays the same wherever the token is used. */
  digest(): string {
    return createHash('sha256').update(this.#value).digest('hex').slice(0, 32);
  }

  /**
   * Why this cannot be an API token, as a sentence that also says what to do; undefined where it can.
   *
   * @param permissions what a token in its place needs.
   */
  problem(permissions = allPermissions('certificates')): string | undefined {
    if (this.#value === '') return 'The API token is empty: put a Cloudflare API token into the Secret.';
    if (this.#value.startsWith('v1.0-')) {
      return `This is an Origin CA key (service key), which Cloudflare no longer accepts: create an API token with the permissions ${permissions} instead.`;
    }
    if (GLOBAL_KEY.test(this.#value)) {
      return `This is a Global API Key, not an API token: create an API token with the permissions ${permissions} instead.`;
    }
    if (this.#value === PLACEHOLDER) {
      return 'This is the placeholder of the example, not an API token: put your Cloudflare API token in its place.';
    }
    if (!TOKEN_TEXT.test(this.#value)) {
      return 'The API token holds spaces, line breaks, quotes or other characters that no token has: store the token alone in the Secret.';
    }
    if (this.#value.length > MAX_LENGTH) {
      return `The API token has ${this.#value.length} characters, which no token has: store the token alone in the Secret.`;
    }
    return undefined;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}
