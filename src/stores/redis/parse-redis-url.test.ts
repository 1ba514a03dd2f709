import { parseRedisUrl } from './parse-redis-url';
import { serverOptions } from './redis-options';

describe('parseRedisUrl', () => {
  const node = (host: string, port = 6379) => ({ host, port });

  it('reads one server, with defaults, credentials, TLS and database number', () => {
    const plain = { kind: 'standalone', credentials: {}, tls: false, db: 0 };
    expect(parseRedisUrl('redis://cache')).toEqual({ ...plain, node: node('cache') });
    expect(parseRedisUrl('redis://cache:1234/')).toEqual({ ...plain, node: node('cache', 1234) });
    expect(parseRedisUrl('redis://[::1]:7000')).toEqual({ ...plain, node: node('::1', 7000) });
    expect(parseRedisUrl(' rediss://:p%40ss%2C@cache/3\n')).toEqual({
      ...plain,
      node: node('cache'),
      credentials: { password: 'p@ss,' },
      tls: true,
      db: 3,
    });
    expect(parseRedisUrl('redis://app:secret@cache')).toMatchObject({
      credentials: { username: 'app', password: 'secret' },
    });
  });

  it('takes several servers for a cluster', () => {
    const cluster = {
      kind: 'cluster',
      nodes: [node('a', 1), node('b', 2), node('c')],
      credentials: { password: 'secret' },
      tls: false,
    };
    expect(parseRedisUrl('redis://:secret@a:1,redis://:secret@b:2,redis://c')).toEqual(cluster);
    expect(parseRedisUrl('redis://:secret@a:1, b:2,c')).toEqual(cluster);
    expect(parseRedisUrl('rediss://a,rediss://b')).toMatchObject({ kind: 'cluster', tls: true });
  });

  it('reads Sentinels, the name of the master, and both kinds of credentials', () => {
    const target = parseRedisUrl('sentinel://:secret@a:1,b/main/2?username=watch&password=w%26');
    expect(target).toEqual({
      kind: 'sentinel',
      sentinels: [node('a', 1), node('b', 26379)],
      masterName: 'main',
      credentials: { password: 'secret' },
      sentinelCredentials: { username: 'watch', password: 'w&' },
      db: 2,
    });
    if (target.kind === 'cluster') throw new Error('is no cluster');
    expect(serverOptions(target, 800)).toMatchObject({
      sentinels: [node('a', 1), node('b', 26379)],
      name: 'main',
      password: 'secret',
      sentinelUsername: 'watch',
      sentinelPassword: 'w&',
      db: 2,
    });
    expect(parseRedisUrl('sentinel://a/main')).toMatchObject({
      credentials: {},
      sentinelCredentials: {},
      db: 0,
    });
  });

  it.each([
    ['', 'must start with'],
    ['http://:hunter2@cache', 'must start with'],
    ['redis://', 'must start with'],
    ['redis://:hunter2@', 'is not a URL'],
    ['redis://:hunter2@cache:port', 'is not a URL'],
    ['redis://:hunter2@cache:99999', 'is not a URL'],
    ['redis://:hunter2#@cache', 'is not a URL'],
    ['redis://:hunter2/@cache', 'is not a URL'],
    ['redis://:hunter2%@cache', 'broken percent-encoding'],
    ['redis://hunter2@cache', 'user name without a password'],
    ['redis://:hunter2@cache:0', 'port 0'],
    ['redis://:hunter2@cache/db', 'no database number'],
    ['redis://:hunter2@cache?db=1', 'takes no query'],
    ['redis://:hunter2@a,rediss://b', 'mixes schemes'],
    ['redis://:hunter2@a/1,redis://b', 'takes no database number'],
    ['redis://:hunter2@a,', 'is not a URL'],
    ['sentinel://:hunter2@a:1', 'must name the master'],
    ['sentinel://:hunter2@/main', 'is not a URL'],
    ['sentinel://:hunter2@a/main/x', 'no database number'],
    ['sentinel://:hunter2@a/main/1/2', 'more than a master name'],
  ])('refuses %j, naming the setting and never showing the password', (url, reason) => {
    const parse = () => parseRedisUrl(url);
    expect(parse).toThrow(/^REDIS_URL /);
    expect(parse).toThrow(reason);
    expect(parse).not.toThrow('hunter2');
  });
});
