import { once } from 'node:events';
import { createServer } from 'node:net';

// Below the ports that Linux (from 32768), macOS and Windows (from 49152) give to outgoing connections: one of those
// may be taken between the look and the use of it, where tests run side by side.
const FIRST = 10_000;
const LAST = 29_999;

/** A port of the loopback address that nobody listens on. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST + 1));
    const probe = createServer();
    try {
      await once(probe.listen(port, '127.0.0.1'), 'listening');
    } catch {
      continue;
    }
    probe.close();
    await once(probe, 'close');
    return port;
  }
}
