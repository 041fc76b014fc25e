import type { OriginCa } from '../ca/authority.ts';
import type { Pair } from '../ca/pair.ts';
import type { SimulatedClock } from '../clock.ts';
import type { OriginSeed } from '../protocol.ts';
import type { Settings } from '../settings.ts';
import { CertificateBook } from './certificates.ts';
import { FaultBook } from './faults.ts';
import { OriginPullBook } from './origin-pulls.ts';
import { RequestLog } from './requests.ts';
import { TokenBook } from './tokens.ts';
import { ZoneBook } from './zones.ts';

/** All that the simulated Cloudflare knows. In memory only; reset() forgets all but authorities and clock. */
export class World {
  readonly clock: SimulatedClock;
  readonly originCa: OriginCa;
  /** The client certificate that all customers share. */
  readonly sharedPull: { readonly id: 'shared'; readonly certificate: string; readonly privateKey: string };
  readonly #initialSettings: Settings;
  settings: Settings;
  zones = new ZoneBook();
  tokens = new TokenBook();
  certificates = new CertificateBook();
  originPulls = new OriginPullBook();
  requests = new RequestLog();
  faults = new FaultBook();
  /** By record content. */
  origins = new Map<string, OriginSeed>();

  constructor(clock: SimulatedClock, originCa: OriginCa, originPull: Pair, settings: Settings) {
    this.clock = clock;
    this.originCa = originCa;
    this.sharedPull = { id: 'shared', certificate: originPull.certificate, privateKey: originPull.key };
    this.settings = settings;
    this.#initialSettings = settings;
  }

  /** As after the start, time included. */
  reset(): void {
    this.clock.reset();
    this.settings = this.#initialSettings;
    this.zones = new ZoneBook();
    this.tokens = new TokenBook();
    this.certificates = new CertificateBook();
    this.originPulls = new OriginPullBook();
    this.requests = new RequestLog();
    this.faults = new FaultBook();
    this.origins = new Map();
  }
}
