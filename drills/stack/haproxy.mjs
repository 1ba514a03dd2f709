import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findHaproxy } from '../../scripts/find-binary.mjs';
import { rendered, start } from './running.mjs';

const DEPLOYED = join(import.meta.dirname, '..', '..', 'deploy', 'haproxy', 'haproxy.cfg');

/** Starts HAProxy with the deployed file: other are the port that it listens on, the name server, and the port of `api`. */
export async function startHaproxy({ dir, port, dnsPort, apiPort }) {
  const config = join(dir, 'haproxy.cfg');
  const text = rendered(DEPLOYED, readFileSync(DEPLOYED, 'utf8'), [
    ['bind :8080', `bind 127.0.0.1:${port}`],
    ['parse-resolv-conf', `nameserver drill 127.0.0.1:${dnsPort}`],
    ['api:3000', `api:${apiPort}`],
  ]);
  writeFileSync(config, text);
  return start('haproxy', findHaproxy().binary, ['-db', '-f', config], {
    log: join(dir, 'haproxy.log'),
    ready: async () => (await fetch(`http://127.0.0.1:${port}/health/live`)).status === 200,
  });
}
