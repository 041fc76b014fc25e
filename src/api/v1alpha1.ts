/** Generated from crds/ by `npm run generate`: change the CRDs, not this file. Objects as the API server returns them. */

/**
 * A Cloudflare Origin CA certificate that is kept, valid and renewed in time, in a TLS Secret.
 */
export interface OriginCertificate {
  apiVersion: 'originca.dev/v1alpha1';
  kind: 'OriginCertificate';
  metadata: {
    name: string;
    namespace: string;
    uid: string;
    resourceVersion: string;
    generation: number;
    creationTimestamp: string;
    deletionTimestamp?: string;
    labels?: {
      [k: string]: string;
    };
    annotations?: {
      [k: string]: string;
    };
    finalizers?: string[];
  };
  /**
   * The certificate that is wanted.
   */
  spec: {
    /**
     * Name of the TLS Secret to keep, in the namespace of this object. When it changes, the valid pair is copied to the new name and the old Secret is left as it is.
     */
    secretName: string;
    /**
     * Names that the certificate is for: lower-case ASCII names of two labels or more, or *. and such a name (which covers one label in place of the *).
     *
     * @minItems 1
     * @maxItems 100
     */
    hostnames: string[];
    /**
     * The issuer whose API token asks Cloudflare for the certificate.
     */
    issuerRef: {
      /**
       * OriginIssuer, in the namespace of this object, or ClusterOriginIssuer.
       */
      kind: 'OriginIssuer' | 'ClusterOriginIssuer';
      /**
       * Name of the issuer.
       */
      name: string;
    };
    /**
     * Days that the certificate is valid. Absent, the issuer's default, else 90.
     */
    validityDays?: 7 | 30 | 90 | 365 | 730 | 1095 | 5475;
    /**
     * How long before its end the certificate is renewed, in hours, minutes and seconds, such as 720h or 1h30m. Absent, a third of its lifetime. Renewal comes up to a twentieth of it earlier, so that certificates issued together are not renewed together: see status.renewalTime.
     */
    renewBefore?: string;
    /**
     * The key to make, in PKCS#8. Absent, the issuer's default, else ECDSA of 256 bits. Every issuance makes a new key.
     */
    privateKey?: {
      /**
       * Kind of key. It also decides which of Cloudflare's two Origin CAs signs the certificate.
       */
      algorithm: 'ECDSA' | 'RSA';
      /**
       * Bits of the key: 256 (default) or 384 for ECDSA; 2048 (default), 3072 or 4096 for RSA.
       */
      size?: 256 | 384 | 2048 | 3072 | 4096;
    };
    /**
     * Labels and annotations for the Secret, kept in step; those of others on the Secret are left alone.
     */
    secretTemplate?: {
      /**
       * Labels to set on the Secret.
       */
      labels?: {
        [k: string]: string;
      };
      /**
       * Annotations to set on the Secret.
       */
      annotations?: {
        [k: string]: string;
      };
    };
    /**
     * Further keys of the Secret: CombinedPEM is tls-combined.pem, certificate and private key in one text; CABundle is ca.crt, the roots of the Cloudflare Origin CA.
     *
     * @maxItems 2
     */
    additionalOutputs?: ('CombinedPEM' | 'CABundle')[];
    /**
     * While true and no certificate can be had yet, the Secret holds a self-signed pair: enough for mode Full, not for Full (strict). Ready is False with reason TemporaryCertificate until it is replaced.
     */
    temporaryCertificate?: boolean;
    /**
     * What to do with a Secret of that name that this operator did not make: Refuse (also when absent) leaves it as it is; Adopt takes it over with the pair that it holds, and nothing is issued until that is due or no good. Until then that pair is judged by hostnames, key match, trust and dates alone.
     */
    existingSecret?: 'Refuse' | 'Adopt';
    /**
     * What becomes, at Cloudflare, of certificates that are no longer needed. Only what was issued for this very object is ever revoked, and it cannot be taken back.
     */
    revocation?: {
      /**
       * What becomes of a certificate that another has replaced: Retain (also when absent) leaves it valid until it ends; Revoke revokes it after gracePeriod and, where an OriginZone looks at the origins, not before these are seen to serve the new one. It holds for what is replaced while it stands here.
       */
      superseded?: 'Retain' | 'Revoke';
      /**
       * How long a replaced certificate is left valid, in hours, minutes and seconds, such as 24h (also when absent) or 30m. Everything that serves it must have taken up the new one by then.
       */
      gracePeriod?: string;
      /**
       * What becomes of the certificate in use when this object is deleted: Retain (also when absent) leaves it valid; Revoke revokes it once its Secret is deleted, and needs secretDeletionPolicy Delete.
       */
      onDelete?: 'Retain' | 'Revoke';
    };
    /**
     * What becomes of the Secret when this object is deleted: Retain (also when absent) leaves it; Delete makes this object its owner, so that it is deleted too. One that was taken over is never deleted.
     */
    secretDeletionPolicy?: 'Retain' | 'Delete';
    /**
     * While true, nothing is issued and no Secret is written. Status stays true to what is there.
     */
    suspend: boolean;
  };
  /**
   * What the operator found and did.
   */
  status?: {
    /**
     * Generation of the object that this status speaks of; -1 while the operator has not seen it.
     */
    observedGeneration?: number;
    /**
     * Ready, and Issuing, Served and Stalled while they have something to say.
     */
    conditions?: {
      /**
       * Name of the condition.
       */
      type: string;
      /**
       * Whether the condition holds.
       */
      status: 'True' | 'False' | 'Unknown';
      /**
       * Why, in one word, for programs.
       */
      reason: string;
      /**
       * What happened and what to do, for people.
       */
      message: string;
      /**
       * Generation of the object that this condition speaks of.
       */
      observedGeneration: number;
      /**
       * When the condition's status last changed.
       */
      lastTransitionTime: string;
    }[];
    /**
     * The certificate that the Secret holds.
     */
    certificate?: {
      /**
       * Id of the certificate at Cloudflare, which is its serial number in decimal.
       */
      id: string;
      /**
       * Serial number in hexadecimal, as TLS tools print it.
       */
      serialNumber: string;
      /**
       * SHA-256 fingerprint of the certificate.
       */
      fingerprintSHA256: string;
      /**
       * Names that the certificate is for.
       */
      hostnames: string[];
      /**
       * Algorithm and size of its key, such as ECDSA 256.
       */
      algorithm: string;
      /**
       * Name of the certificate authority that signed it.
       */
      issuer: string;
      /**
       * Start of its validity.
       */
      notBefore: string;
      /**
       * End of its validity.
       */
      notAfter: string;
      /**
       * When the operator got it from Cloudflare; absent where that is not known.
       */
      issuedAt?: string;
      /**
       * uid of the object that it was issued for; absent where nobody knows, as of one that was taken over.
       */
      issuedFor?: string;
      /**
       * Name of the Secret that holds it.
       */
      secretName: string;
    };
    /**
     * When the certificate will be renewed.
     */
    renewalTime?: string;
    /**
     * Counts the certificates that were issued for this object.
     */
    revision?: number;
    /**
     * Certificates that the present one replaced, newest first. They stay valid until they end or are revoked.
     *
     * @maxItems 100
     */
    superseded?: {
      /**
       * Id of the certificate at Cloudflare.
       */
      id: string;
      /**
       * End of its validity.
       */
      notAfter?: string;
      /**
       * When it was replaced.
       */
      supersededAt: string;
      /**
       * Why it is to be revoked, or was: it was replaced (revocation.superseded) or rekeyed (originca.dev/rekey-requested-at), or its object is deleted (revocation.onDelete). Absent: it stays valid until it ends.
       */
      revoke?: 'Superseded' | 'Rekeyed' | 'Deleted';
      /**
       * uid of the object that it was issued for. Of another object's none is revoked.
       */
      issuedFor?: string;
      /**
       * The issuer that it was issued by.
       */
      issuerRef?: {
        /**
         * OriginIssuer or ClusterOriginIssuer.
         */
        kind: 'OriginIssuer' | 'ClusterOriginIssuer';
        /**
         * Name of the issuer.
         */
        name: string;
      };
      /**
       * When it was revoked, or found to be; absent while it is not.
       */
      revokedAt?: string;
      /**
       * Why it was not revoked after all. Nothing more is done about it.
       */
      keptBecause?: string;
    }[];
    /**
     * The last certificates issued, newest last. Guards against issuing without end.
     *
     * @maxItems 10
     */
    issued?: {
      /**
       * When it was issued.
       */
      time: string;
      /**
       * Id of the certificate at Cloudflare.
       */
      id: string;
    }[];
    /**
     * Attempts that failed since the last success; absent when the last one succeeded.
     */
    failure?: {
      /**
       * Failed attempts in a row with this reason. Rewritten at powers of two only.
       */
      count: number;
      /**
       * When the first of them failed.
       */
      since: string;
      /**
       * When the last one shown here failed.
       */
      lastTime: string;
      /**
       * When the next attempt is due.
       */
      nextTime: string;
      /**
       * Why, in one word, for programs.
       */
      reason: string;
      /**
       * What happened and what to do, for people.
       */
      message: string;
      /**
       * Cloudflare's Ray ID of the answer, to quote to its support; absent where no answer came.
       */
      rayId?: string;
    };
  };
}

/**
 * A Cloudflare API token that certificates of the same namespace are asked for with.
 */
export interface OriginIssuer {
  apiVersion: 'originca.dev/v1alpha1';
  kind: 'OriginIssuer';
  metadata: {
    name: string;
    namespace: string;
    uid: string;
    resourceVersion: string;
    generation: number;
    creationTimestamp: string;
    deletionTimestamp?: string;
    labels?: {
      [k: string]: string;
    };
    annotations?: {
      [k: string]: string;
    };
    finalizers?: string[];
  };
  /**
   * The API token, and who may ask for what.
   */
  spec: {
    /**
     * The Secret, in the namespace of this object, that holds the Cloudflare API token. Surrounding whitespace is trimmed. Service keys are past their end of life and refused.
     */
    apiTokenSecretRef: {
      /**
       * Name of the Secret.
       */
      name: string;
      /**
       * Key in the Secret's data.
       */
      key: string;
    };
    /**
     * Values for certificates that do not say otherwise. They are used when a certificate is issued; changing them re-issues nothing.
     */
    defaults?: {
      /**
       * Days that a certificate is valid. Absent, 90.
       */
      validityDays?: 7 | 30 | 90 | 365 | 730 | 1095 | 5475;
      /**
       * The key to make, in PKCS#8. Absent, ECDSA of 256 bits.
       */
      privateKey?: {
        /**
         * Kind of key. It also decides which of Cloudflare's two Origin CAs signs the certificate.
         */
        algorithm: 'ECDSA' | 'RSA';
        /**
         * Bits of the key: 256 (default) or 384 for ECDSA; 2048 (default), 3072 or 4096 for RSA.
         */
        size?: 256 | 384 | 2048 | 3072 | 4096;
      };
    };
    /**
     * Which names may be asked for. Absent, every name of the token's zones.
     *
     * @minItems 1
     * @maxItems 32
     */
    allow?: {
      /**
       * Names that may be asked for: example.com is that name alone, *.example.com everything below it at any depth, but not example.com.
       *
       * @minItems 1
       * @maxItems 100
       */
      hostnames: string[];
    }[];
  };
  /**
   * What the operator found.
   */
  status?: {
    /**
     * Generation of the object that this status speaks of; -1 while the operator has not seen it.
     */
    observedGeneration?: number;
    /**
     * Ready, and Stalled while a person is needed.
     */
    conditions?: {
      /**
       * Name of the condition.
       */
      type: string;
      /**
       * Whether the condition holds.
       */
      status: 'True' | 'False' | 'Unknown';
      /**
       * Why, in one word, for programs.
       */
      reason: string;
      /**
       * What happened and what to do, for people.
       */
      message: string;
      /**
       * Generation of the object that this condition speaks of.
       */
      observedGeneration: number;
      /**
       * When the condition's status last changed.
       */
      lastTransitionTime: string;
    }[];
    /**
     * What Cloudflare says of the API token.
     */
    token?: {
      /**
       * Id of the token (not its value); absent for tokens that belong to an account.
       */
      id?: string;
      /**
       * When the token expires; absent for one that does not.
       */
      expiresOn?: string;
    };
    /**
     * Zones that the token sees, the first 100 by name.
     *
     * @maxItems 100
     */
    zones?: {
      /**
       * Name of the zone.
       */
      name: string;
      /**
       * Id of the zone.
       */
      id: string;
      /**
       * State of the zone at Cloudflare: active, pending, initializing or moved.
       */
      status: string;
      /**
       * Whether Cloudflare only answers DNS for the zone, so that visitors meet the origin itself.
       */
      paused: boolean;
    }[];
    /**
     * How many zones the token sees.
     */
    zoneCount?: number;
  };
}

/**
 * A Cloudflare API token that certificates of the namespaces it allows are asked for with.
 */
export interface ClusterOriginIssuer {
  apiVersion: 'originca.dev/v1alpha1';
  kind: 'ClusterOriginIssuer';
  metadata: {
    name: string;
    uid: string;
    resourceVersion: string;
    generation: number;
    creationTimestamp: string;
    deletionTimestamp?: string;
    labels?: {
      [k: string]: string;
    };
    annotations?: {
      [k: string]: string;
    };
    finalizers?: string[];
  };
  /**
   * The API token, and who may ask for what.
   */
  spec: {
    /**
     * The Secret, in the operator's namespace, that holds the Cloudflare API token. Surrounding whitespace is trimmed. Service keys are past their end of life and refused.
     */
    apiTokenSecretRef: {
      /**
       * Name of the Secret.
       */
      name: string;
      /**
       * Key in the Secret's data.
       */
      key: string;
    };
    /**
     * Values for certificates that do not say otherwise. They are used when a certificate is issued; changing them re-issues nothing.
     */
    defaults?: {
      /**
       * Days that a certificate is valid. Absent, 90.
       */
      validityDays?: 7 | 30 | 90 | 365 | 730 | 1095 | 5475;
      /**
       * The key to make, in PKCS#8. Absent, ECDSA of 256 bits.
       */
      privateKey?: {
        /**
         * Kind of key. It also decides which of Cloudflare's two Origin CAs signs the certificate.
         */
        algorithm: 'ECDSA' | 'RSA';
        /**
         * Bits of the key: 256 (default) or 384 for ECDSA; 2048 (default), 3072 or 4096 for RSA.
         */
        size?: 256 | 384 | 2048 | 3072 | 4096;
      };
    };
    /**
     * Which namespaces may ask for which names. What no entry allows is refused.
     *
     * @minItems 1
     * @maxItems 32
     */
    allow: {
      /**
       * Namespaces that may ask, by their labels; {} is all of them.
       */
      namespaceSelector: {
        /**
         * Labels that a namespace must have.
         */
        matchLabels?: {
          [k: string]: string;
        };
        /**
         * Further conditions on a namespace's labels; all must hold.
         *
         * @maxItems 32
         */
        matchExpressions?: {
          /**
           * Key of the label.
           */
          key: string;
          /**
           * How the label is compared.
           */
          operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
          /**
           * Values for In and NotIn.
           *
           * @maxItems 100
           */
          values?: string[];
        }[];
      };
      /**
       * Names that may be asked for: example.com is that name alone, *.example.com everything below it at any depth, but not example.com.
       *
       * @minItems 1
       * @maxItems 100
       */
      hostnames: string[];
    }[];
  };
  /**
   * What the operator found.
   */
  status?: {
    /**
     * Generation of the object that this status speaks of; -1 while the operator has not seen it.
     */
    observedGeneration?: number;
    /**
     * Ready, and Stalled while a person is needed.
     */
    conditions?: {
      /**
       * Name of the condition.
       */
      type: string;
      /**
       * Whether the condition holds.
       */
      status: 'True' | 'False' | 'Unknown';
      /**
       * Why, in one word, for programs.
       */
      reason: string;
      /**
       * What happened and what to do, for people.
       */
      message: string;
      /**
       * Generation of the object that this condition speaks of.
       */
      observedGeneration: number;
      /**
       * When the condition's status last changed.
       */
      lastTransitionTime: string;
    }[];
    /**
     * What Cloudflare says of the API token.
     */
    token?: {
      /**
       * Id of the token (not its value); absent for tokens that belong to an account.
       */
      id?: string;
      /**
       * When the token expires; absent for one that does not.
       */
      expiresOn?: string;
    };
    /**
     * Zones that the token sees, the first 100 by name.
     *
     * @maxItems 100
     */
    zones?: {
      /**
       * Name of the zone.
       */
      name: string;
      /**
       * Id of the zone.
       */
      id: string;
      /**
       * State of the zone at Cloudflare: active, pending, initializing or moved.
       */
      status: string;
      /**
       * Whether Cloudflare only answers DNS for the zone, so that visitors meet the origin itself.
       */
      paused: boolean;
    }[];
    /**
     * How many zones the token sees.
     */
    zoneCount?: number;
  };
}

/**
 * A Cloudflare zone: what its TLS settings are to be, and whether its origins serve what Full (strict) accepts.
 */
export interface OriginZone {
  apiVersion: 'originca.dev/v1alpha1';
  kind: 'OriginZone';
  metadata: {
    name: string;
    uid: string;
    resourceVersion: string;
    generation: number;
    creationTimestamp: string;
    deletionTimestamp?: string;
    labels?: {
      [k: string]: string;
    };
    annotations?: {
      [k: string]: string;
    };
    finalizers?: string[];
  };
  /**
   * What the zone is to be.
   */
  spec: {
    /**
     * Name of the zone, such as example.com. Absent, the name of this object.
     */
    zoneName?: string;
    /**
     * The Secret, in the operator's namespace, that holds the Cloudflare API token for this zone. A token of its own, so that the one that issues certificates need not hold power over settings. Surrounding whitespace is trimmed.
     */
    apiTokenSecretRef: {
      /**
       * Name of the Secret.
       */
      name: string;
      /**
       * Key in the Secret's data.
       */
      key: string;
    };
    /**
     * Observe reports what differs and changes nothing at Cloudflare. Enforce brings the zone to these settings and undoes what others change.
     */
    mode: 'Observe' | 'Enforce';
    /**
     * Settings of the zone. What is absent is not managed.
     */
    settings?: {
      /**
       * How Cloudflare reaches the origins. strict and origin_pull are switched on only after every origin passed the gate. Quote "off": YAML reads it as false otherwise.
       */
      ssl?: 'off' | 'flexible' | 'full' | 'strict' | 'origin_pull';
      /**
       * Least version of TLS that visitors may use. Quote it, else YAML reads a number.
       */
      minTlsVersion?: '1.0' | '1.1' | '1.2' | '1.3';
      /**
       * TLS 1.3 for visitors: "on", "off", or zrt with 0-RTT. Quote "on" and "off".
       */
      tls13?: 'on' | 'off' | 'zrt';
      /**
       * Whether Cloudflare redirects visitors from http to https.
       */
      alwaysUseHttps?: boolean;
      /**
       * The Strict-Transport-Security header. Browsers remember it, so it cannot be taken back at once.
       */
      hsts?: {
        /**
         * Whether the header is sent.
         */
        enabled: boolean;
        /**
         * Seconds for which browsers keep to https. Absent, not managed.
         */
        maxAge?: number;
        /**
         * Whether the header speaks for all names below. Absent, not managed.
         */
        includeSubdomains?: boolean;
        /**
         * Whether browser makers may build it in. Absent, not managed.
         */
        preload?: boolean;
        /**
         * Whether X-Content-Type-Options nosniff is sent too. Absent, not managed.
         */
        noSniff?: boolean;
        /**
         * That visitors may be locked in is meant. Needed for preload, and for a maxAge of more than a day while the SSL mode or an origin could not hold it.
         */
        acknowledgeLockIn: boolean;
      };
    };
    /**
     * Whether a setting that is stricter than asked for is lowered. When false it counts as in sync.
     */
    allowDowngrade: boolean;
    /**
     * How long a lowering of strict by somebody else stands before it is undone, in hours, minutes and seconds.
     */
    restoreAfter: string;
    /**
     * What must be true of the origins before strict or origin_pull is switched on.
     */
    gate: {
      /**
       * Verified: every origin must serve a certificate that Full (strict) accepts. Skip: switch on without looking.
       */
      origins: 'Verified' | 'Skip';
      /**
       * Hostnames that the gate leaves out: example.com is that name alone, *.example.com everything below it at any depth.
       *
       * @maxItems 100
       */
      ignore?: string[];
      /**
       * A Secret in the operator's namespace with further root certificates in PEM, such as those of the zone's Custom Origin Trust Store.
       */
      trustedCASecretRef?: {
        /**
         * Name of the Secret.
         */
        name: string;
        /**
         * Key in the Secret's data.
         */
        key: string;
      };
    };
    /**
     * Where to knock for names whose public address cannot be reached from inside the cluster. The first entry that names a hostname counts.
     *
     * @maxItems 32
     */
    probes?: {
      /**
       * Hostnames: * is every one, example.com that name alone, *.example.com everything below it.
       *
       * @minItems 1
       * @maxItems 100
       */
      hostnames: string[];
      /**
       * Where to knock, as host:port; all of them must pass. Such as ingress-nginx-controller.ingress-nginx.svc:443.
       *
       * @minItems 1
       * @maxItems 16
       */
      addresses: string[];
    }[];
    /**
     * Whether Cloudflare shows origins a client certificate, so that they can turn everybody else away.
     */
    authenticatedOriginPulls: {
      /**
       * Unmanaged leaves it as it is. Shared shows the certificate that all of Cloudflare's customers share. Zone shows one of this zone alone, made by the operator. "Off" switches it off once no origin demands it any more.
       */
      mode: 'Unmanaged' | 'Off' | 'Shared' | 'Zone';
      /**
       * A Secret in the operator's namespace with a CA (tls.crt, tls.key) that signs the client certificate, so that several clusters share one. Absent, the operator makes one.
       */
      caSecretRef?: {
        /**
         * Name of the Secret.
         */
        name: string;
      };
      /**
       * Objects that are to hold the CA under ca.crt, for what demands the client certificate: a Secret for nginx.ingress.kubernetes.io/auth-tls-secret, a ConfigMap for the Gateway API.
       *
       * @maxItems 64
       */
      publish?: {
        /**
         * Secret or ConfigMap.
         */
        kind: 'Secret' | 'ConfigMap';
        /**
         * Namespace of the object.
         */
        namespace: string;
        /**
         * Name of the object.
         */
        name: string;
      }[];
    };
    /**
     * The look at all certificates that Cloudflare's Origin CA has issued for the zone.
     */
    inventory: {
      /**
       * How often it is taken, in hours, minutes and seconds.
       */
      interval: string;
    };
  };
  /**
   * What the operator found.
   */
  status?: {
    /**
     * Generation of the object that this status speaks of; -1 while the operator has not seen it.
     */
    observedGeneration?: number;
    /**
     * Ready, InSync, OriginsVerified, and Stalled while a person is needed.
     */
    conditions?: {
      /**
       * Name of the condition.
       */
      type: string;
      /**
       * Whether the condition holds.
       */
      status: 'True' | 'False' | 'Unknown';
      /**
       * Why, in one word, for programs.
       */
      reason: string;
      /**
       * What happened and what to do, for people.
       */
      message: string;
      /**
       * Generation of the object that this condition speaks of.
       */
      observedGeneration: number;
      /**
       * When the condition's status last changed.
       */
      lastTransitionTime: string;
    }[];
    /**
     * The zone at Cloudflare.
     */
    zone?: {
      /**
       * Id of the zone.
       */
      id?: string;
      /**
       * Name of the zone.
       */
      name: string;
      /**
       * State of the zone: active, pending, initializing or moved.
       */
      status?: string;
      /**
       * Whether Cloudflare only answers DNS for the zone, so that visitors meet the origin itself.
       */
      paused?: boolean;
      /**
       * Name of the account that holds the zone.
       */
      account?: string;
    };
    /**
     * The managed settings, and ssl.
     */
    settings?: {
      /**
       * Name of the setting, as in spec.settings, or sslAutomaticMode.
       */
      name: string;
      /**
       * The value asked for; absent where it is not managed.
       */
      desired?: string;
      /**
       * The value at Cloudflare; absent while unknown.
       */
      observed?: string;
      /**
       * Whether the value is as asked for, or stricter.
       */
      inSync: boolean;
      /**
       * True where it was as asked for before, so that setting it again is a restore; else absent.
       */
      drifted?: boolean;
      /**
       * Whether the zone's plan lets it be changed.
       */
      editable?: boolean;
      /**
       * Why, in one word.
       */
      reason: string;
      /**
       * What differs and what happens next.
       */
      message?: string;
      /**
       * When inSync last changed.
       */
      lastTransitionTime: string;
    }[];
    /**
     * The last restores of settings that somebody else had changed, at most 12; more than two in a day and only an alarm is given.
     *
     * @maxItems 12
     */
    restores?: {
      /**
       * Name of the setting.
       */
      setting: string;
      /**
       * When it was restored.
       */
      time: string;
    }[];
    /**
     * How many origins (hostname and address) there are with each result.
     */
    originCounts?: {
      /**
       * A result, as in origins.
       */
      result: string;
      /**
       * How many origins have it.
       */
      count: number;
    }[];
    /**
     * What the origins serve, worst first, at most 100.
     *
     * @maxItems 100
     */
    origins?: {
      /**
       * The proxied hostname.
       */
      hostname: string;
      /**
       * Where it was knocked.
       */
      address?: string;
      /**
       * Where the address comes from.
       */
      source?: string;
      /**
       * Valid, Refused (521), Timeout (522), HandshakeFailed (525), Untrusted, Expired or NameMismatch (526), NoOrigin, Unverifiable, NotProxied or Ignored.
       */
      result: string;
      /**
       * Who issued the certificate that was presented.
       */
      issuer?: string;
      /**
       * When that certificate ends.
       */
      notAfter?: string;
      /**
       * What was presented, and what to do.
       */
      message: string;
    }[];
    /**
     * The certificates that the Origin CA holds for the zone.
     */
    inventory?: {
      /**
       * Certificates that are neither revoked nor expired.
       */
      total?: number;
      /**
       * Those that a Secret of this cluster's OriginCertificates holds.
       */
      managed?: number;
      /**
       * Those that end within 30 days and are not managed.
       */
      expiring?: number;
      /**
       * Those that bear the key of a managed certificate under another id.
       */
      twins?: number;
      /**
       * Those that nothing here knows.
       */
      unknown?: number;
      /**
       * Twins, then unknown ones, then expiring ones by their end; at most 20.
       *
       * @maxItems 20
       */
      worst?: {
        /**
         * Cloudflare's id, the serial number in decimal.
         */
        id: string;
        /**
         * Twin, Unknown or Expiring.
         */
        state: string;
        /**
         * Names it is for, at most 5.
         */
        hostnames?: string[];
        /**
         * When it ends.
         */
        notAfter?: string;
      }[];
      /**
       * What hinders the inventory, if anything does.
       */
      message?: string;
      /**
       * When the last complete listing was taken, which the numbers are of; absent before the first.
       */
      checkedAt?: string;
    };
    /**
     * Whether Cloudflare shows a client certificate.
     */
    authenticatedOriginPulls?: {
      /**
       * Off, Uploading, Deploying, Enabling, Propagating, Presenting, Rotating, SwitchingOff, Held, or the reason why it does not go on.
       */
      state: string;
      /**
       * What happens next, or what to do.
       */
      message?: string;
      /**
       * Cloudflare's id of the client certificate.
       */
      certificateId?: string;
      /**
       * When the client certificate ends.
       */
      notAfter?: string;
      /**
       * When the CA that signed it ends.
       */
      caNotAfter?: string;
      /**
       * Whether origins may demand the client certificate now (nginx.ingress.kubernetes.io/auth-tls-secret).
       */
      safeToDemand?: boolean;
    };
    /**
     * How often Cloudflare is asked, stretched where there are many zones.
     */
    intervals?: {
      /**
       * Between two readings of ssl and the automatic mode.
       */
      ssl?: string;
      /**
       * Between two readings of the other settings.
       */
      settings?: string;
      /**
       * Between two readings of the DNS records.
       */
      records?: string;
      /**
       * Between two inventories.
       */
      inventory?: string;
    };
  };
}
