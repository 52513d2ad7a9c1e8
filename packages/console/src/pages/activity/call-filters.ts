import type { FacetName } from '@mcpnest/contract/schemas/call-answers';
import type { RequestOf } from '../../api/queries.ts';
import { useFilters } from '../../components/navigate.ts';

/** Filters of calls that live in the address, by the names the API has for them. */
const keys = [
  'toolPrefix',
  'outcome',
  'failed',
  'server',
  'tool',
  'memberId',
  'machineId',
  'tokenId',
  'team',
  'client',
  'method',
  'class',
  'statusClass',
  'errorCode',
  'rule',
  'callId',
  'traceId',
  'approvalId',
] as const;
export type CallFilterKey = (typeof keys)[number];
export type CallFilters = Readonly<Partial<Record<CallFilterKey, string>>>;
type ListQuery = NonNullable<RequestOf<'calls', 'list'>['query']>;
/** What calls.list, calls.facets and calls.tail understand alike, without the time. */
export type CallQuery = Omit<ListQuery, 'order' | 'limit' | 'cursor' | 'from' | 'to'>;

/** The filters of calls, and the way to change them. */
export const useCallFilters = (): readonly [
  CallFilters,
  (change: Readonly<Partial<Record<CallFilterKey, string | undefined>>>) => void,
] => useFilters(keys);

/** As the API is asked. What it does not know, it refuses itself: the address is anybody's to write. */
export const toQuery = (filters: CallFilters): CallQuery => filters as CallQuery;

/** The filter a facet's value becomes. */
export const facetFilters = {
  outcome: 'outcome',
  server: 'server',
  tool: 'tool',
  member: 'memberId',
  client: 'client',
  errorCode: 'errorCode',
} as const satisfies Partial<Record<FacetName, CallFilterKey>>;
export type ShownFacet = keyof typeof facetFilters;
