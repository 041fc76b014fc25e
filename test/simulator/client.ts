import { rm } from 'node:fs/promises';
import { Agent, request } from 'undici';
import { spawnSimulator, stopChild, type Child } from './child.ts';
import type {
  CertificateFilter,
  ClientCertificateFilter,
  ClientCertificateSeed,
  ClientCertificateView,
  CertificatesSeed,
  CertificateView,
  OriginSeed,
  RecordSeed,
  RecordsSeed,
  RequestCount,
  RequestFilter,
  RequestView,
  SettingView,
  SignRequest,
  TokenChange,
  TokenSeed,
  VisitRequest,
  VisitResult,
  ZoneChange,
  ZoneSeed,
} from './protocol.ts';
import type { FaultSpec } from './fault.ts';
import type { Settings, SettingsChange } from './settings.ts';
import type { AutomaticMode, SettingId, SslMode } from './rules/zone-setting.ts';

/** A simulator in a process of its own, and the control endpoint as methods. Ends with this process. */
export class Simulator {
  readonly #child: Child;
  /** A connection for each command: on a busy machine one that was kept may be closed from the other side just then. */
  readonly #agent = new Agent({ allowH2: false, pipelining: 0 });

  private constructor(child: Child) {
    this.#child = child;
  }

  /** Starts one on free ports unless told others; settings as by `settings()`. */
  static async start(
    options: { port?: number; controlPort?: number; settings?: SettingsChange } = {},
  ): Promise<Simulator> {
    const { port = 0, controlPort = 0, settings } = options;
    const child = await spawnSimulator(['--port', String(port), '--control-port', String(controlPort)]);
    const simulator = new Simulator(child);
    if (settings !== undefined) await simulator.settings(settings);
    return simulator;
  }

  /** `https://127.0.0.1:PORT/client/v4` */
  get apiUrl(): string {
    return this.#child.addresses.apiUrl;
  }

  get controlUrl(): string {
    return this.#child.addresses.controlUrl;
  }

  /** PEM of the CA that the API's TLS certificate comes from. */
  get caFile(): string {
    return this.#child.addresses.caFile;
  }

  /** PEM of both Origin CA roots, RSA first. */
  get originCaRootsFile(): string {
    return this.#child.addresses.originCaRootsFile;
  }

  /** PEM of the CA that Cloudflare's shared client certificate comes from. */
  get originPullCaFile(): string {
    return this.#child.addresses.originPullCaFile;
  }

  /** Directory of these files, gone once the process has ended. */
  get dir(): string {
    return this.#child.addresses.dir;
  }

  get pid(): number | undefined {
    return this.#child.process.pid;
  }

  async stop(): Promise<void> {
    await this.#agent.close();
    await stopChild(this.#child.process);
    await rm(this.dir, { recursive: true, force: true }); // Its own task, unless it had to be killed.
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  seedZone(seed: ZoneSeed): Promise<{ id: string; accountId: string }> {
    return this.#command('seed-zone', seed);
  }

  async updateZone(id: string, change: Omit<ZoneChange, 'id'>): Promise<void> {
    await this.#command('update-zone', { id, ...change });
  }

  setZoneMode(id: string, mode: SslMode): Promise<void> {
    return this.updateZone(id, { ssl: mode });
  }

  /** Sets any setting as somebody in the dashboard would; `security_header` may be given in part. */
  async setSetting(zoneId: string, id: SettingId, value: unknown): Promise<void> {
    await this.#command('set-setting', { zoneId, id, value });
  }

  /** Whether the zone's plan lets a setting be changed. */
  async setEditable(zoneId: string, id: SettingId, editable: boolean): Promise<void> {
    await this.#command('set-setting', { zoneId, id, editable });
  }

  setAutomaticMode(zoneId: string, mode: AutomaticMode): Promise<void> {
    return this.setSetting(zoneId, 'ssl_automatic_mode', mode);
  }

  zoneSettings(zoneId: string): Promise<readonly SettingView[]> {
    return this.#command('zone-settings', { zoneId });
  }

  /** What Cloudflare's crawler does: raises `ssl`, one step or up to a mode, where automatic mode lets it. */
  automaticUpgrade(zoneId: string, to?: 'flexible' | 'full' | 'strict'): Promise<{ readonly ssl: SslMode }> {
    return this.#command('automatic-upgrade', { zoneId, ...(to && { to }) });
  }

  /** Puts a client certificate on a zone that is somebody else's; at the edge at once. */
  seedClientCertificate(seed: ClientCertificateSeed): Promise<ClientCertificateView> {
    return this.#command('seed-client-certificate', seed);
  }

  /** Oldest first, deleted ones included. */
  clientCertificates(filter: ClientCertificateFilter = {}): Promise<readonly ClientCertificateView[]> {
    return this.#command('client-certificates', filter);
  }

  /** Whether a zone shows its own client certificates, after the switch if one is asked for. */
  originPulls(zoneId: string, change: { readonly enabled?: boolean } = {}): Promise<{ enabled: boolean }> {
    return this.#command('origin-pulls', { zoneId, ...change });
  }

  seedToken(seed: TokenSeed = {}): Promise<{ id: string; value: string }> {
    return this.#command('seed-token', seed);
  }

  async updateToken(id: string, change: Omit<TokenChange, 'id'>): Promise<void> {
    await this.#command('update-token', { id, ...change });
  }

  seedRecord(zoneId: string, seed: Omit<RecordSeed, 'zoneId'>): Promise<{ id: string }> {
    return this.#command('seed-record', { zoneId, ...seed });
  }

  /** Fills a zone with many records. */
  seedRecords(zoneId: string, seed: Omit<RecordsSeed, 'zoneId'>): Promise<{ ids: readonly string[] }> {
    return this.#command('seed-records', { zoneId, ...seed });
  }

  /** Says where on this machine a record's content leads. */
  async mapOrigin(seed: OriginSeed): Promise<void> {
    await this.#command('map-origin', seed);
  }

  /** Fills a zone with many certificates of one key. */
  seedCertificates(
    zoneId: string,
    seed: Omit<CertificatesSeed, 'zoneId'>,
  ): Promise<{ ids: readonly string[] }> {
    return this.#command('seed-certificates', { zoneId, ...seed });
  }

  /** Signs a CSR past every rule, for a pair near its end or a wrong one. */
  sign(signRequest: SignRequest): Promise<{ id: string; certificate: string }> {
    return this.#command('sign', signRequest);
  }

  /** Revokes as the dashboard would. */
  async revoke(id: string): Promise<void> {
    await this.#command('revoke', { id });
  }

  /** Makes a thing as though it had never been. */
  async remove(
    kind: 'zone' | 'token' | 'record' | 'certificate' | 'clientCertificate',
    id: string,
  ): Promise<void> {
    await this.#command('remove', { kind, id });
  }

  certificates(filter: CertificateFilter = {}): Promise<readonly CertificateView[]> {
    return this.#command('certificates', filter);
  }

  requests(filter: RequestFilter = {}): Promise<readonly RequestView[]> {
    return this.#command('requests', filter);
  }

  /** Requests since the start or the last reset, per operation and token. */
  counts(): Promise<readonly RequestCount[]> {
    return this.#command('counts', {});
  }

  async inject(fault: FaultSpec): Promise<void> {
    await this.#command('inject', fault);
  }

  async clearFaults(): Promise<void> {
    await this.#command('clear-faults', {});
  }

  settings(change: SettingsChange = {}): Promise<Settings> {
    return this.#command('settings', change);
  }

  /** Moves the simulated time ahead; resolves to it. */
  async advance(ms: number): Promise<Date> {
    const { now } = await this.#command<{ now: string }>('advance', { ms });
    return new Date(now);
  }

  async now(): Promise<Date> {
    const { now } = await this.#command<{ now: string }>('now', {});
    return new Date(now);
  }

  /** Requests that wait for simulated time to pass: look before advancing, or they begin to wait afterwards. */
  async waits(): Promise<number> {
    const { waits } = await this.#command<{ waits: number }>('now', {});
    return waits;
  }

  /** What a visitor of the hostname gets through the edge. */
  visit(hostname: string, options: Omit<VisitRequest, 'hostname'> = {}): Promise<VisitResult> {
    return this.#command('visit', { hostname, ...options });
  }

  /** Forgets everything but the authorities: zones, tokens, certificates, faults, settings, time advanced. */
  async reset(): Promise<void> {
    await this.#command('reset', {});
  }

  async #command<T>(name: string, body: object): Promise<T> {
    const response = await request(`${this.controlUrl}/${name}`, {
      method: 'POST',
      body: JSON.stringify(body),
      dispatcher: this.#agent,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const text = await response.body.text();
    if (response.statusCode !== 200) throw new Error(`simulator: ${text}`);
    // The parse boundary: our own program answered.
    return JSON.parse(text) as T;
  }
}
