import { FeatureStoreError } from '../contract/errors.ts';

export interface ApiKeyHeaders {
  /** `X-API-Key` */
  readonly apiKey: string | undefined;
  /** `Authorization`; another scheme than Bearer is not ours and says nothing. */
  readonly authorization: string | undefined;
}

/** The key that a request sends, valid or not; undefined where it sends none. */
export function extractApiKey({ apiKey, authorization }: ApiKeyHeaders): string | undefined {
  const plain = apiKey?.trim() || undefined;
  const bearer = bearerToken(authorization);
  // Proxies and logs would disagree about who asked, so neither is taken.
  if (plain !== undefined && bearer !== undefined && plain !== bearer) {
    throw new FeatureStoreError('unauthenticated', 'X-API-Key and Authorization hold different API keys');
  }
  return plain ?? bearer;
}

function bearerToken(authorization: string | undefined): string | undefined {
  if (authorization === undefined || authorization.slice(0, 7).toLowerCase() !== 'bearer ') return undefined;
  return authorization.slice(7).trim() || undefined;
}
