import { connect } from 'node:tls';
import { CALL_MS } from './http-call';

/** Whether a server still speaks TLS 1.0 or 1.1; undefined if it did not answer either way. */
export function speaksOldTls(origin: string): Promise<boolean | undefined> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve) => {
    const socket = connect({
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      port: Number(port || 443),
      ...(/^[\d.]+$|:/.test(hostname) ? {} : { servername: hostname }),
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      // By itself our own side would refuse to.
      ciphers: 'ALL:@SECLEVEL=0',
      rejectUnauthorized: false,
    });
    const timer = setTimeout(() => settle(undefined), CALL_MS);
    const settle = (answer: boolean | undefined) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    socket.once('secureConnect', () => settle(true));
    // Stays: an error without a listener would end the process.
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      // Refused in the handshake, by an alert or by hanging up.
      settle(
        code === undefined || !/^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT)$/.test(code)
          ? false
          : undefined,
      );
    });
  });
}
