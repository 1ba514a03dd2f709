import { goodFacts } from '../testing/doctor-facts';
import { dependenciesOf } from './dependencies';
import { distanceOf } from './hosts';

describe('the distance of a host', () => {
  it.each([
    ['localhost', 'this machine'],
    ['db.localhost', 'this machine'],
    ['127.8.8.8', 'this machine'],
    ['::1', 'this machine'],
    ['[::1]', 'this machine'],
    ['::ffff:127.0.0.1', 'this machine'],
    ['/run/postgresql', 'this machine'],
    ['postgres', 'a private network'],
    ['10.0.0.5', 'a private network'],
    ['172.31.0.1', 'a private network'],
    ['192.168.1.1', 'a private network'],
    ['fd00::1', 'a private network'],
    ['db.prod.internal', 'a private network'],
    ['db.example.org', 'beyond'],
    ['8.8.8.8', 'beyond'],
    ['0.0.0.0', 'beyond'],
    ['127.0.0.1.example.org', 'beyond'],
    ['localhost.example.org', 'beyond'],
    ['2001:db8::1', 'beyond'],
  ])('%s: %s', (host, distance) => {
    expect(distanceOf(host)).toBe(distance);
  });
});

describe('a dependency, as the settings have it', () => {
  const of = (setting: 'DATABASE_URL' | 'REDIS_URL' | 'SMTP_URL', url: string) =>
    dependenciesOf(goodFacts({ [setting]: url }).config).find((each) => each.setting === setting);

  it.each([
    ['postgresql://u:p@db.example.org/x', 'never', true],
    ['postgresql://u:p@db.example.org/x?ssl=true', 'always', true],
    ['postgresql://u:p@db.example.org/x?ssl=0', 'never', true],
    ['postgresql://u:p@db.example.org/x?sslmode=require', 'always', true],
    ['postgresql://u:p@db.example.org/x?sslmode=verify-full', 'always', true],
    ['postgresql://u:p@db.example.org/x?sslmode=disable&ssl=true', 'never', true],
    ['postgresql://u:p@db.example.org/x?sslmode=no-verify', 'always', false],
    ['postgresql://u:p@db.example.org/x?ssl=no-verify', 'always', false],
    ['postgresql://u:p@db.example.org/x?sslrootcert=/ca.pem', 'always', true],
    ['postgresql://u:p@db.example.org/x?sslnegotiation=direct', 'always', true],
    ['postgresql://u:p@db.example.org/x?uselibpqcompat=true&sslmode=require', 'always', false],
    [
      'postgresql://u:p@db.example.org/x?uselibpqcompat=true&sslmode=require&sslrootcert=/ca.pem',
      'always',
      true,
    ],
  ])('%s: TLS %s, verified %s', (url, tls, verified) => {
    expect(of('DATABASE_URL', url)).toMatchObject({
      tls,
      verified,
      distance: 'beyond',
      user: 'u',
      password: 'p',
    });
  });

  it('goes to the host, user and password of the parameters, where they are', () => {
    expect(
      of('DATABASE_URL', 'postgresql://localhost/x?host=db.example.org&user=a%25b&password=c'),
    ).toMatchObject({
      distance: 'beyond',
      user: 'a%b',
      password: 'c',
    });
    expect(of('DATABASE_URL', 'postgresql://a%25b:c%40d@localhost/x')).toMatchObject({
      user: 'a%b',
      password: 'c@d',
    });
  });

  it('is as far as the farthest node of a cluster', () => {
    expect(of('REDIS_URL', 'rediss://:p@10.0.0.1,10.0.0.2,redis.example.org')).toMatchObject({
      distance: 'beyond',
      tls: 'always',
      password: 'p',
    });
    expect(of('REDIS_URL', 'redis://10.0.0.1')).toMatchObject({
      distance: 'a private network',
      tls: 'never',
    });
  });

  it('is a mail server that gets credentials over TLS alone', () => {
    expect(of('SMTP_URL', 'smtp://u:p@smtp.example.org')).toMatchObject({ tls: 'always', user: 'u' });
    expect(of('SMTP_URL', 'smtp://smtp.example.org')).toMatchObject({ tls: 'opportunistic', user: '' });
  });
});
