export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

export interface RedisCredentials {
  readonly username?: string;
  readonly password?: string;
}

/** Where Redis is, as `REDIS_URL` says it. */
export type RedisTarget =
  | {
      readonly kind: 'standalone';
      readonly node: RedisNode;
      readonly credentials: RedisCredentials;
      readonly tls: boolean;
      readonly db: number;
    }
  | {
      readonly kind: 'cluster';
      readonly nodes: readonly RedisNode[];
      readonly credentials: RedisCredentials;
      readonly tls: boolean;
    }
  | {
      readonly kind: 'sentinel';
      readonly sentinels: readonly RedisNode[];
      readonly masterName: string;
      /** For the Redis servers. */
      readonly credentials: RedisCredentials;
      /** For the Sentinels, which have their own. */
      readonly sentinelCredentials: RedisCredentials;
      readonly db: number;
    };

const REDIS_PORT = 6379;
const SENTINEL_PORT = 26379;

/**
 * Reads `redis://[user][:password@]host[:port][/db]`, `rediss://` (TLS), several of either, comma-separated (Redis
 * Cluster; the scheme may be left out from the second on), or
 * `sentinel://[[user]:password@]host[:port][,host[:port]…]/master-name[/db][?password=…&username=…]`, where the query
 * holds the Sentinels' own credentials. Reserved characters in a password, a comma too, are percent-encoded.
 *
 * Throws an `Error` that names `REDIS_URL` and shows nothing of it.
 */
export function parseRedisUrl(url: string): RedisTarget {
  const match = /^(rediss?|sentinel):\/\/(.+)$/s.exec(url.trim());
  const [scheme, rest] = [match?.[1], match?.[2]];
  if (scheme === undefined || rest === undefined) {
    throw invalid('must start with redis://, rediss:// or sentinel://');
  }
  return scheme === 'sentinel' ? parseSentinel(rest) : parseServers(scheme, rest);
}

function parseServers(scheme: string, rest: string): RedisTarget {
  const pieces = rest.split(',').map((piece, index) => {
    const text = piece.trim();
    const own = /^([a-z]+):\/\//i.exec(text);
    if (index > 0 && own !== null && own[1] !== scheme) throw invalid('mixes schemes');
    return parseUrl(own === null ? text : text.slice(own[0].length));
  });
  const [first, ...others] = pieces;
  if (first === undefined) throw invalid('names no server');
  if (pieces.some((piece) => piece.search !== '')) throw invalid('takes no query');
  const tls = scheme === 'rediss';
  const node = nodeOf(first, REDIS_PORT);
  if (others.length === 0) {
    const credentials = credentialsOf(first.username, first.password);
    return { kind: 'standalone', node, credentials, tls, db: parseDb(first.pathname.slice(1)) };
  }
  if (pieces.some((piece) => piece.pathname.length > 1))
    throw invalid('of a cluster takes no database number');
  const authority = pieces.find((piece) => piece.password !== '') ?? first;
  const nodes = [node, ...others.map((piece) => nodeOf(piece, REDIS_PORT))];
  return { kind: 'cluster', nodes, credentials: credentialsOf(authority.username, authority.password), tls };
}

function parseSentinel(rest: string): RedisTarget {
  const [beforeQuery = '', query] = rest.split('?', 2);
  const [authority = '', ...path] = beforeQuery.split('/');
  const at = authority.lastIndexOf('@');
  const { username, password } = parseUrl(`${authority.slice(0, at + 1)}sentinel`);
  const [masterName = '', db = '', ...more] = path;
  if (masterName === '') throw invalid('must name the master: sentinel://host:port/master-name');
  if (more.length > 0) throw invalid('has more than a master name and a database number');
  const own = new URLSearchParams(query);
  return {
    kind: 'sentinel',
    sentinels: authority
      .slice(at + 1)
      .split(',')
      .map((piece) => nodeOf(parseUrl(piece.trim()), SENTINEL_PORT)),
    masterName: decode(masterName),
    credentials: credentialsOf(username, password),
    sentinelCredentials: given(own.get('username') ?? '', own.get('password') ?? ''),
    db: parseDb(db),
  };
}

function parseUrl(withoutScheme: string): URL {
  const text = `redis://${withoutScheme}`;
  // `new URL` alone would throw an error that shows its input, and so the password.
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.hostname === '' || url.hash !== '') {
    throw invalid('is not a URL (are reserved characters in the password percent-encoded?)');
  }
  return url;
}

function nodeOf(url: URL, defaultPort: number): RedisNode {
  const port = url.port === '' ? defaultPort : Number(url.port);
  if (port === 0) throw invalid('has port 0');
  return { host: decode(url.hostname).replace(/^\[(.+)\]$/, '$1'), port };
}

function credentialsOf(username: string, password: string): RedisCredentials {
  return given(decode(username), decode(password));
}

function given(username: string, password: string): RedisCredentials {
  if (password === '') {
    if (username !== '') throw invalid('has a user name without a password');
    return {};
  }
  return username === '' ? { password } : { username, password };
}

function parseDb(text: string): number {
  if (text === '') return 0;
  if (!/^\d{1,5}$/.test(text)) throw invalid('has a path that is no database number');
  return Number(text);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid('has broken percent-encoding');
  }
}

function invalid(what: string): Error {
  return new Error(`REDIS_URL ${what}`);
}
