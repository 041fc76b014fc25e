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
     * How long before its end the certificate is renewed, in hours, minutes and seconds, such as 720h or 1h30m. Absent, a third of its lifetime.
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
      size?: number;
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
     * Ready, and Issuing and Stalled while they have something to say.
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
       * When it was revoked; absent while it is not.
       */
      revokedAt?: string;
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
        size?: number;
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
        size?: number;
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
