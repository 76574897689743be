export type RespAddress =
  | { readonly kind: 'single'; readonly url: string }
  | { readonly kind: 'cluster'; readonly nodes: readonly RespNode[]; readonly tls: boolean; readonly login: RespLogin };

export interface RespNode {
  readonly host: string;
  readonly port: number;
}

export interface RespLogin {
  readonly username?: string;
  readonly password?: string;
}

/**
 * `redis://host:port`, `rediss://host:port` with TLS, and a cluster as `redis-cluster://host:port,host:port` or
 * `rediss-cluster://…`. A user and password stand before the (first) host. Throws on anything else, without repeating it:
 * there may be a password in it.
 */
export function parseRespUrl(url: string): RespAddress {
  if (/^rediss?:\/\/[^,]+$/.test(url) && URL.canParse(url)) return { kind: 'single', url };
  const cluster = /^(rediss?)-cluster:\/\/(.+)$/.exec(url);
  const members = cluster?.[2]?.split(',').map((member) => `redis://${member}`) ?? [];
  const [first, ...others] = members.map((member) => (URL.canParse(member) ? new URL(member) : undefined));
  if (first === undefined || others.includes(undefined)) {
    throw new Error('The URL of the cache must be redis[s]://host:port or redis[s]-cluster://host:port,host:port');
  }
  return {
    kind: 'cluster',
    nodes: [first, ...others.filter((node) => node !== undefined)].map(({ hostname, port }) => ({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port || 6379),
    })),
    tls: cluster?.[1] === 'rediss',
    login: {
      ...(first.username ? { username: decodeURIComponent(first.username) } : {}),
      ...(first.password ? { password: decodeURIComponent(first.password) } : {}),
    },
  };
}
