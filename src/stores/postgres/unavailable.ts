import { Prisma } from '@prisma/client';

/** Prisma's codes for: unreachable, refused, timed out, connection closed, pool exhausted, transaction not begun or expired. */
const PRISMA_CODES = new Set([
  'P1000',
  'P1001',
  'P1002',
  'P1003',
  'P1008',
  'P1010',
  'P1011',
  'P1017',
  'P2024',
  'P2028',
  'P2034',
  'P2037',
]);

/** The driver adapter's words for the same, where a raw query meets them. */
const ADAPTER_KINDS = new Set([
  'DatabaseNotReachable',
  'DatabaseDoesNotExist',
  'DatabaseAccessDenied',
  'ConnectionClosed',
  'TlsConnectionError',
  'AuthenticationFailed',
  'TransactionWriteConflict',
  'TooManyConnections',
  'SocketTimeout',
  'TransactionAlreadyClosed',
]);

/** PostgreSQL's classes: connection exceptions, resources, operator intervention (shutdown, timeout), locks, conflicts. */
const SQLSTATE = /^(?:08|53|57|58)\w{3}$|^(?:55P03|40001|40P01|25P03)$/;

/** What `pg` itself throws, without a code. */
const PG_MESSAGES = /timeout|terminat|Connection|ECONN|EPIPE|ENOTFOUND|EAI_AGAIN/i;

/** Whether an error means that the server was away, too slow or too busy, rather than that a statement was wrong. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof Prisma.PrismaClientInitializationError) return true;
  if (error instanceof Prisma.PrismaClientKnownRequestError) {
    return PRISMA_CODES.has(error.code) || isAdapterFault(error.meta?.['driverAdapterError']);
  }
  if (isAdapterFault(error)) return true;
  return error instanceof Error && !(error instanceof Prisma.PrismaClientValidationError) && isPgFault(error);
}

/** Codes of the system's and of PostgreSQL's, in words. */
const UNUSABLE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no such host',
  '28P01': 'it refuses the user or the password',
  '3D000': 'it has no such database',
};

/** Why `pg` could not use a server, without a word that the error holds; undefined if that was not the server's doing. */
export function whyUnusable(error: unknown): string | undefined {
  const code = String(member(error, 'code') ?? '');
  if (!isUnavailable(error) && !(code in UNUSABLE)) return undefined;
  return UNUSABLE[code] ?? (/^(?:E[A-Z]{2,20}|[0-9A-Z]{5})$/.test(code) ? code : 'no answer in time');
}

function isAdapterFault(error: unknown): boolean {
  const cause = member(error, 'cause');
  return (
    ADAPTER_KINDS.has(String(member(cause, 'kind'))) ||
    SQLSTATE.test(String(member(cause, 'originalCode'))) ||
    // The server ended the connection, or would not begin it: a database closed to connections says so by no class.
    member(cause, 'severity') === 'FATAL'
  );
}

function isPgFault(error: Error): boolean {
  const code = String(member(error, 'code'));
  return SQLSTATE.test(code) || PG_MESSAGES.test(code) || PG_MESSAGES.test(error.message);
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
