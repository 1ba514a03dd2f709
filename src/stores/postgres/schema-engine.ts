import { readFileSync } from 'node:fs';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory, DriverAdapterError } from '@prisma/driver-adapter-utils';
import type { SchemaEngine } from '@prisma/schema-engine-wasm';

/** No table and no enum is left out. */
export const NO_FILTER = { externalTables: [], externalEnums: [] };

/** A connection that can be let go of, which the engine itself does not do. */
export class EngineConnection extends PrismaPg {
  private readonly open: { dispose(): Promise<void> }[] = [];

  override async connect(): ReturnType<PrismaPg['connect']> {
    const adapter = await super.connect();
    // Its own cuts a script at every semicolon, also in comments, strings and functions. Sent whole, it is also one
    // transaction: a migration holds as a whole or not at all.
    adapter.executeScript = async (script) => {
      await adapter.underlyingDriver().query(script).catch(rethrow);
    };
    this.open.push(adapter);
    return adapter;
  }

  async close(): Promise<void> {
    await Promise.all(this.open.splice(0).map((adapter) => adapter.dispose()));
  }
}

/** The engine repeats what the server said only if it comes in this form. */
function rethrow(error: Partial<DatabaseError> & Error): never {
  const { code, message, detail, column, hint } = error;
  if (code === undefined || error.severity === undefined) throw error;
  throw new DriverAdapterError({
    kind: 'postgres',
    code,
    severity: error.severity,
    message,
    detail,
    column,
    hint,
  });
}

type DatabaseError = Readonly<Record<'code' | 'severity' | 'detail' | 'column' | 'hint', string>>;

/**
 * Prisma's own migration engine on a database, without the download its command line asks for. It is an internal
 * package of Prisma's: the exact version is pinned, and `migrate.test.ts` holds what is relied on here.
 */
export async function openSchemaEngine(connection: EngineConnection): Promise<SchemaEngine> {
  loaded ??= load();
  const engine = await loaded;
  return engine.new({ datamodels: undefined }, () => {}, bindMigrationAwareSqlAdapterFactory(connection));
}

let loaded: Promise<typeof SchemaEngine> | undefined;

async function load(): Promise<typeof SchemaEngine> {
  // The package's main file imports WebAssembly as a module, which Node does not without a flag.
  const path = require.resolve('@prisma/schema-engine-wasm/schema_engine_bg');
  const bindings = await import('@prisma/schema-engine-wasm/schema_engine_bg');
  const bytes = readFileSync(path.replace(/\.js$/, '.wasm'));
  const { instance } = await WebAssembly.instantiate(bytes, {
    './schema_engine_bg.js': withoutLingering(bindings),
  });
  Object.assign(globalThis, {
    // What the engine calls, by this name, when it breaks.
    PRISMA_WASM_PANIC_REGISTRY: {
      set_message(message: string) {
        throw new Error(`Prisma's migration engine broke: ${message}`);
      },
    },
  });
  bindings.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  return bindings.SchemaEngine;
}

/** The engine leaves timers of 10 s behind when it is done; they must not keep the process. */
function withoutLingering(bindings: object): Record<string, unknown> {
  const imports = Object.fromEntries(Object.entries(bindings));
  for (const name of Object.keys(imports)) {
    if (!name.startsWith('__wbg_setTimeout_')) continue;
    imports[name] = (callback: () => void, ms: number) => setTimeout(callback, ms).unref();
  }
  return imports;
}

/** What is needed of a global that the types of Node leave to those of browsers. */
declare const WebAssembly: {
  instantiate(
    bytes: Uint8Array,
    imports: Readonly<Record<string, unknown>>,
  ): Promise<{ readonly instance: { readonly exports: { __wbindgen_start(): void } } }>;
};
