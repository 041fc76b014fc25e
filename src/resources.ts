import { API_VERSION } from './api/names.ts';
import type { ClusterOriginIssuer, OriginCertificate, OriginIssuer, OriginZone } from './api/v1alpha1.ts';
import type { Resource } from './kube/resource.ts';

/** How the operator's own kinds are addressed at the API server. */
export const originCertificates: Resource<OriginCertificate> = {
  apiVersion: API_VERSION,
  kind: 'OriginCertificate',
  plural: 'origincertificates',
  namespaced: true,
};

export const originIssuers: Resource<OriginIssuer> = {
  apiVersion: API_VERSION,
  kind: 'OriginIssuer',
  plural: 'originissuers',
  namespaced: true,
};

export const clusterOriginIssuers: Resource<ClusterOriginIssuer> = {
  apiVersion: API_VERSION,
  kind: 'ClusterOriginIssuer',
  plural: 'clusteroriginissuers',
  namespaced: false,
};

export const originZones: Resource<OriginZone> = {
  apiVersion: API_VERSION,
  kind: 'OriginZone',
  plural: 'originzones',
  namespaced: false,
};
