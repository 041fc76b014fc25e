import type { OriginCa } from '../ca/authority.ts';
import type { SimulatedClock } from '../clock.ts';
import type { OriginSeed } from '../protocol.ts';
import type { Settings } from '../settings.ts';
import { CertificateBook } from './certificates.ts';
import { FaultBook } from './faults.ts';
import { RequestLog } from './requests.ts';
import { TokenBook } from './tokens.ts';
import { ZoneBook } from './zones.ts';

/** All that the simulated Cloudflare knows. In memory only; reset() forgets all but authorities and clock. */
export class World {
  readonly clock: SimulatedClock;
  readonly originCa: OriginCa;
  readonly #initialSettings: Settings;
  settings: Settings;
  zones = new ZoneBook();
  tokens = new TokenBook();
  certificates = new CertificateBook();
  requests = new RequestLog();
  faults = new FaultBook();
  /** By record content. */
  origins = new Map<string, OriginSeed>();

  constructor(clock: SimulatedClock, originCa: OriginCa, settings: Settings) {
    this.clock = clock;
    this.originCa = originCa;
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
    this.requests = new RequestLog();
    this.faults = new FaultBook();
    this.origins = new Map();
  }
}
