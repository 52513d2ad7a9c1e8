import type { Insertable } from 'kysely';
import { newId } from '../domain/ids.ts';
import { isoTime } from '../platform/clock.ts';
import type { Schema } from '../platform/database/schema.ts';

type Row = Insertable<Schema['approvals']> & { readonly id: string };
type Asked = Pick<Row, 'workspace_id' | 'token_id'> & Partial<Row>;

/** A request as the gateway writes it, an hour before it expires. */
export function approvalRow(now: number, asked: Asked): Row {
  const id = newId(now);
  return {
    id,
    principal_kind: 'workspace',
    member_id: null,
    machine_id: null,
    server_id: 's',
    server_slug: 'github',
    tool: 'delete_repo',
    definition_hash: 'h',
    args_mac: 'm',
    args_shape: '{"repo":"s1-16"}',
    call_key: id,
    policy_version: 1,
    approvers: '[]',
    state: 'pending',
    created_at: isoTime(now),
    expires_at: isoTime(now + 3_600_000),
    decided_at: null,
    decided_by: null,
    reason: null,
    used_at: null,
    sends: 0,
    ...asked,
  };
}
