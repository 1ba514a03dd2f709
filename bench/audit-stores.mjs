import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { createApp } = require('../dist/app.js');
const { memoryStores, recordStores } = require('../dist/backends.js');
const { systemClock } = require('../dist/clock.js');
const { compose } = require('../dist/compose.js');
const { loadConfig } = require('../dist/config.js');
const { keepingStores } = require('../dist/keeping-stores.js');
const { createLogger } = require('../dist/observability/logger.js');
const { Metrics } = require('../dist/observability/metrics.js');
const { PrismaAccountStore } = require('../dist/stores/account/prisma-account-store.js');
const { PrismaCredentialStore } = require('../dist/stores/account/prisma-credential-store.js');
const { PrismaSessionRecordStore } = require('../dist/stores/session-record/prisma-session-record-store.js');

const clock = systemClock;

/** The stores as the service has them, and the same without an audit trail: their transactions lack its insert alone. */
export function storesWithAndWithout(database, secretKeys) {
  const trail = {
    change: (_origin, work) => database.transaction((tx) => work(tx, () => {})),
    changeRow: async (_origin, _act, statement) =>
      (await database.run((client) => client.$queryRaw(statement)))[0],
    record: async () => {},
    addRefusals: async () => {},
  };
  const whole = recordStores({ database, clock, secretKeys, onAudit: () => {} });
  return {
    with: whole,
    without: {
      ...whole,
      accounts: new PrismaAccountStore(database, trail, clock),
      credentials: new PrismaCredentialStore(database, trail, clock),
      sessionRecords: new PrismaSessionRecordStore(database, trail, clock),
      auditStore: trail,
    },
  };
}

/** The whole service over such stores, listening on the loopback; resolves to its port, and what stops it. */
export async function serveOver(stores, { database, env }) {
  const config = loadConfig(env);
  const logger = createLogger('fatal');
  const state = memoryStores({ clock, maxAgeSeconds: config.sessionMaxAge });
  const metrics = new Metrics('bench', []);
  const onAudit = () => {};
  const backends = {
    ...stores,
    ...keepingStores({ ...config, unhurried: database, sealing: database, clock, onAudit }),
    ...state,
    mailer: { send: async () => {}, check: async () => {}, close: async () => {} },
    healthChecks: [],
    postgresPools: [],
    close: async () => {},
  };
  const { services } = await compose(config, backends, { clock, logger, metrics });
  const server = createServer(createApp({ config, services, logger })).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    port: server.address().port,
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
