/** Whose data a call is about. In every call's first argument, so that no function can forget it. */
export interface TenantContext {
  /** Internal id, `t_` and 12 letters: names the Postgres schema and the cache keys. */
  readonly tenantId: string;
  /** For people. */
  readonly tenantName: string;
}
