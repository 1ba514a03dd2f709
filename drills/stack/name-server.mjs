import { Resolver } from 'node:dns/promises';
import { writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../bench/service.mjs';
import { findBinary } from '../../scripts/find-binary.mjs';
import { start, until } from './running.mjs';

/** The dnsmasq there is. */
export function findNameServer() {
  return findBinary(['dnsmasq', '/usr/sbin/dnsmasq'], '--version', 'dnsmasq-base');
}

/** A name server as Compose has one: `api` is at each of these addresses, which `move` replaces. */
export async function startNameServer({ dir, addresses }) {
  const port = await freePort();
  const hosts = join(dir, 'hosts');
  const write = (listed) => writeFileSync(hosts, listed.map((address) => `${address} api\n`).join(''));
  write(addresses);
  const resolver = new Resolver({ timeout: 500, tries: 1 });
  resolver.setServers([`127.0.0.1:${port}`]);
  const answers = async (listed) =>
    (await resolver.resolve4('api')).sort().join() === [...listed].sort().join();
  const options = [
    ...['--keep-in-foreground', '--conf-file=/dev/null', '--no-resolv', '--no-hosts', '--local-ttl=1'],
    ...['--listen-address=127.0.0.1', '--bind-interfaces', `--port=${port}`, `--addn-hosts=${hosts}`],
    ...['--pid-file=', `--user=${userInfo().username}`, '--log-facility=-'],
  ];
  const server = await start('dnsmasq', findNameServer().binary, options, {
    log: join(dir, 'dnsmasq.log'),
    ready: () => answers(addresses),
  });
  return {
    port,
    stop: () => server.stop(),
    async move(listed) {
      write(listed);
      server.signal('SIGHUP');
      if (!(await until(() => answers(listed), 5_000)))
        throw new Error('the name server keeps its old addresses');
    },
  };
}
