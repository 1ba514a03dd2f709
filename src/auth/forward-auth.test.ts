import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import request from 'supertest';
import { BASE_PATH, endpointGroups } from '../api';
import { Problem, type ProblemName, problemBody } from '../http/problem';
import { createTestApp, type TestApp } from '../testing/test-app';
import { authEndpoints } from './auth.router';
import { checkQuery } from './auth.schemas';

/** A directive of nginx: its words, and those inside its braces. */
interface Directive {
  readonly words: readonly string[];
  readonly inside: readonly Directive[];
}

const text = readFileSync(join(__dirname, '..', '..', 'deploy', 'nginx', 'forward-auth.conf'), 'utf8');
const file = parse(text);
const server = the(file, 'server');
const locations = all(server, 'location');
const check = authEndpoints.find(({ name }) => name === 'check');

function parse(source: string): Directive {
  const root: { words: string[]; inside: Directive[] } = { words: [], inside: [] };
  const open = [root];
  let words: string[] = [];
  for (const [token, double, single] of source.matchAll(
    /#[^\n]*|"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'|[{};]|[^\s{};"']+/g,
  )) {
    if (token.startsWith('#')) continue;
    if (token === '}') open.pop();
    else if (token === ';' || token === '{') {
      const directive = { words, inside: [] };
      open.at(-1)?.inside.push(directive);
      if (token === '{') open.push(directive);
      words = [];
    } else words.push(double ?? single ?? token);
  }
  expect(open).toEqual([root]);
  return root;
}

function all(within: Directive, name: string): Directive[] {
  return within.inside.filter(({ words }) => words[0] === name);
}

/** The one directive that begins with these words. */
function the(within: Directive, ...begin: string[]): Directive {
  const found = within.inside.filter(({ words }) => begin.every((word, at) => words[at] === word));
  expect({ begin, found: found.length }).toEqual({ begin, found: 1 });
  return found[0] as Directive;
}

/** Locations that send to this upstream. */
const sendingTo = (upstream: string) =>
  locations.filter(({ inside }) =>
    inside.some(({ words }) => words.join(' ') === `proxy_pass http://${upstream}`),
  );

/** Does nginx take this path for one of Tollgate's? */
const isTollgates = (path: string) => {
  const [tollgate] = sendingTo('tollgate');
  expect(tollgate?.words[1]).toBe('~');
  return new RegExp(String(tollgate?.words[2])).test(path);
};

describe('deploy/nginx/forward-auth.conf', () => {
  it('checks every location but two that it names', () => {
    the(server, 'auth_request', '/_tollgate/check');
    const open = locations.filter(({ inside }) =>
      inside.some(({ words }) => words.join(' ') === 'auth_request off'),
    );
    expect(open.map(({ words }) => words.at(-1))).toEqual(['/public/', sendingTo('tollgate')[0]?.words[2]]);
  });

  it('asks the endpoint there is, with queries that it takes, from inside alone', () => {
    const asking = the(server, 'location', '^~', '/_tollgate/');
    the(asking, 'internal');
    const urls = all(asking, 'location').map((location) => String(the(location, 'proxy_pass').words[1]));
    expect(urls.length).toBe(2);
    for (const url of urls) {
      const { host, pathname, searchParams } = new URL(url);
      expect({ host, pathname }).toEqual({ host: 'tollgate', pathname: `${BASE_PATH}${check?.path}` });
      checkQuery.parse(Object.fromEntries(searchParams));
    }
    const asked = locations.flatMap(({ inside }) => inside).concat(server.inside);
    for (const { words } of asked.filter(({ words }) => words[0] === 'auth_request' && words[1] !== 'off')) {
      the(asking, 'location', '=', String(words[1]));
    }
  });

  it('sends the token and nothing of a body', () => {
    const asking = the(server, 'location', '^~', '/_tollgate/');
    the(asking, 'proxy_set_header', 'Authorization', '$http_authorization');
    the(asking, 'proxy_set_header', 'X-Forwarded-For', '$remote_addr');
    the(asking, 'proxy_pass_request_body', 'off');
    the(asking, 'proxy_set_header', 'Content-Length', '');
  });

  it.each(Object.keys(check?.headers ?? {}))('tells the product %s as Tollgate says it', (header) => {
    const variable = String(the(server, 'proxy_set_header', header).words[2]);
    const source = `$upstream_http_${header.toLowerCase().replaceAll('-', '_')}`;
    the(server, 'auth_request_set', variable, source);
  });

  it('lets no location of the product lose those headers, or pass on a path as the client spelt it', () => {
    const product = sendingTo('product');
    expect(product.length).toBe(3);
    for (const location of product) {
      expect(all(location, 'proxy_set_header')).toEqual([]);
      the(location, 'rewrite', '^', '$uri', 'break');
    }
  });

  it('shows what clients call, and nothing for operators', () => {
    for (const { tag, basePath, endpoints } of endpointGroups) {
      for (const { path } of endpoints) {
        expect({ path, shown: isTollgates(basePath + path) }).toEqual({ path, shown: tag !== 'system' });
      }
    }
    expect(isTollgates('/api-docs')).toBe(false);
  });

  it.each<[ProblemName, string, string]>([
    ['invalid_token', '@unauthenticated', ''],
    ['unauthenticated', '@unauthenticated', ''],
    ['forbidden', '@forbidden', ''],
    ['rate_limited', '@undecided', 'Too many requests. Try again in $auth_retry_after s.'],
    ['dependency_unavailable', '@undecided', 'A part of the service is away. Try again in a moment.'],
    ['internal_error', '@undecided', ''],
  ])('has the document of %s', (name, where, detail) => {
    const location = the(server, 'location', where);
    const problem = new Problem(name, detail === '' ? {} : { detail });
    const returned = [location, ...all(location, 'if')]
      .flatMap((block) => all(block, 'return'))
      .map(({ words: [, status, body] }) => [Number(status), JSON.parse(String(body))]);
    expect(returned).toContainEqual([problem.status, problemBody(problem, '$tollgate_request_id')]);
  });

  it('leaves an idle connection before Tollgate closes it', () => {
    const kept = /^(\d+)s$/.exec(
      String(the(the(file, 'upstream', 'tollgate'), 'keepalive_timeout').words[1]),
    );
    expect(Number(kept?.[1]) * 1000).toBeLessThan(createServer().keepAliveTimeout);
  });

  describe('against the service', () => {
    let test: TestApp;
    beforeAll(async () => {
      test = await createTestApp();
    });
    afterAll(() => test.close());

    it('keeps the ids of requests that Tollgate keeps', async () => {
      const ids = the(file, 'map', '$http_x_request_id');
      const pattern = new RegExp(String(ids.inside[0]?.words[0]).slice(1));
      for (const id of [
        'a'.repeat(7),
        'a'.repeat(8),
        'A-z_0-9a',
        'a'.repeat(64),
        'a'.repeat(65),
        'a b c d e',
        'abcdefg"',
      ]) {
        const answer = await request(test.app).get('/health/live').set('X-Request-Id', id);
        expect({ id, kept: pattern.test(id) }).toEqual({ id, kept: answer.get('X-Request-Id') === id });
      }
    });

    it('knows a token that is not valid by its challenge', async () => {
      const condition = the(the(server, 'location', '@unauthenticated'), 'if').words.join(' ');
      const pattern = /^if \(\$auth_challenge ~ (\S+)\)$/.exec(condition)?.[1];
      const asked = request(test.app).get(`${BASE_PATH}${check?.path}`);
      const without = await asked;
      const bad = await request(test.app).get(`${BASE_PATH}${check?.path}`).set('Authorization', 'Bearer x');
      expect(pattern).toBeDefined();
      expect(without.get('WWW-Authenticate')).not.toMatch(String(pattern));
      expect(bad.get('WWW-Authenticate')).toMatch(new RegExp(String(pattern)));
    });
  });
});
