import { bodyRequests, credentialRequests, scopeRequests } from './every-route.ts';
import { ingestRequests, ndjsonRequests } from './ingest.ts';
import { deletionRequests, listRequests, nameRequests, pathRequests, tenancyRequests } from './paths.ts';
import { batchRequests, onlineRequests } from './reads.ts';
import { featureRequests, serviceRequests, viewRequests } from './registration.ts';
import { statisticsRequests } from './statistics.ts';
import { sourceRequests, streamViewRequests } from './streams.ts';
import type { WrongRequest } from './wrong-request.ts';

export const wrongRequests: readonly (readonly [what: string, requests: readonly WrongRequest[]])[] = [
  ['registering a feature', featureRequests],
  ['registering a view', viewRequests],
  ['registering a service', serviceRequests],
  ['registering a stream source', sourceRequests],
  ['registering a stream view', streamViewRequests],
  ['ingesting', ingestRequests],
  ['ingesting NDJSON', ndjsonRequests],
  ['reading online', onlineRequests],
  ['reading a batch', batchRequests],
  ['reading statistics', statisticsRequests],
  ['listing', listRequests],
  ['reading by name', nameRequests],
  ['deleting', deletionRequests],
  ['managing tenants and keys', tenancyRequests],
  ['a path that is none', pathRequests],
  ['any body', bodyRequests],
  ['any route without a valid key', credentialRequests],
  ['any route with too small a scope', scopeRequests],
];
