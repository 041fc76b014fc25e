import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { pemCertificates } from '../pki/inspect.ts';

/** A flag that replaces built-in CA certificates by those of a file, in the words of its complaints. */
export interface CaFlag {
  /** `--origin-ca-roots`. */
  readonly name: string;
  /** What is trusted without it, such as `Cloudflare's own roots`. */
  readonly builtIn: string;
  /** What belongs into the file, such as `the Origin CA's root certificates`. */
  readonly wanted: string;
}

/** A file of CA certificates that cannot be used; the message names the flag, the file and the remedy. */
export class RootsError extends Error {
  override readonly name = 'RootsError';
}

/**
 * The CA certificates in a PEM file. Dates are not judged: an expired one is reported by its metric, and what it
 * signed may outlive it. Rejects with a RootsError.
 */
export async function loadCaFile(file: string, flag: CaFlag): Promise<readonly X509Certificate[]> {
  const place = `${flag.name} ${file}`;
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unreadable';
    throw new RootsError(
      `${place}: the file cannot be read (${code}). Name a readable PEM file, or leave the flag out to trust ${flag.builtIn}.`,
      { cause },
    );
  });
  const blocks = pemCertificates(text);
  if (blocks.length === 0) {
    throw new RootsError(
      `${place}: the file holds no certificate. Put PEM blocks that begin with -----BEGIN CERTIFICATE----- into it.`,
    );
  }
  return blocks.map((pem, index) =>
    caOf(pem, `${place}: certificate ${index + 1} of ${blocks.length}`, flag),
  );
}

function caOf(pem: string, place: string, { wanted }: CaFlag): X509Certificate {
  const certificate = parse(pem, place);
  if (certificate.ca) return certificate;
  throw new RootsError(
    `${place} is not a CA certificate. Name ${wanted}, not certificates that they issued.`,
  );
}

function parse(pem: string, place: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new RootsError(`${place} cannot be parsed. Replace it by a whole PEM block.`, { cause });
  }
}
