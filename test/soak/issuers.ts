import type { ClusterOriginIssuer, OriginIssuer } from '../../src/api/v1alpha1.ts';
import type { Secret } from '../../src/kube/object.ts';
import { secrets } from '../../src/kube/resource.ts';
import { clusterOriginIssuers, originIssuers } from '../../src/resources.ts';
import { SYSTEM_NAMESPACE } from '../kill/system.ts';
import { SCENE_LABEL } from '../support/scene-label.ts';
import type { Stage } from './stage.ts';
import { CLUSTER_ISSUER, ISSUERS, issuerName, ZONES } from './wish.ts';

/** The issuers of every place and the one of all, with their tokens. */
export class Issuers {
  /** Ids of the tokens that the issuers have now, in their order. */
  readonly tokenIds: string[] = [];
  /** Every token there ever was: none may be seen anywhere. */
  readonly tokens: string[] = [];
  readonly #stage: Pick<Stage, 'apply' | 'places' | 'simulator'>;

  constructor(stage: Pick<Stage, 'apply' | 'places' | 'simulator'>) {
    this.#stage = stage;
  }

  async create(): Promise<void> {
    for (let issuer = 0; issuer < ISSUERS; issuer += 1) {
      await this.replaceToken(issuer);
      await this.apply(issuer);
    }
  }

  /** A new token for an issuer, in its Secrets: those of the same number in several places share one. */
  async replaceToken(issuer: number): Promise<void> {
    this.tokenIds[issuer] = await this.putToken(this.#tokenName(issuer), this.#namespacesOf(issuer));
  }

  /** Resolves to the id of a new token. */
  async putToken(name: string, namespaces: readonly string[]): Promise<string> {
    const { id, value } = await this.#stage.simulator.seedToken();
    this.tokens.push(value);
    const data = { 'api-token': Buffer.from(value).toString('base64') };
    for (const namespace of namespaces)
      await this.#stage.apply(secrets, { metadata: { name, namespace }, data } satisfies Secret);
    return id;
  }

  /** @param nudge another value has its token checked at once. */
  async apply(issuer: number, nudge = 0): Promise<void> {
    const spec = {
      apiTokenSecretRef: { name: this.#tokenName(issuer) },
      defaults: { validityDays: nudge % 2 === 0 ? 90 : 365 },
    };
    if (issuer === CLUSTER_ISSUER) return this.#applyClusterIssuer(spec);
    for (const namespace of this.#namespacesOf(issuer)) {
      const object = { metadata: { name: issuerName(issuer), namespace }, spec };
      await this.#stage.apply(originIssuers, object as unknown as OriginIssuer);
    }
  }

  async #applyClusterIssuer(spec: object): Promise<void> {
    const { clusterIssuer, north } = this.#stage.places;
    const labels = { [SCENE_LABEL]: north };
    const allow = [
      { namespaceSelector: { matchLabels: labels }, hostnames: ZONES.flatMap((zone) => [zone, `*.${zone}`]) },
    ];
    const object = { metadata: { name: clusterIssuer, labels }, spec: { ...spec, allow } };
    await this.#stage.apply(clusterOriginIssuers, object as unknown as ClusterOriginIssuer);
  }

  #namespacesOf(issuer: number): readonly string[] {
    return issuer === CLUSTER_ISSUER ? [SYSTEM_NAMESPACE] : this.#stage.places.all;
  }

  #tokenName(issuer: number): string {
    const name = `token-${issuer}`;
    return issuer === CLUSTER_ISSUER ? this.#stage.places.systemName(name) : name;
  }
}
