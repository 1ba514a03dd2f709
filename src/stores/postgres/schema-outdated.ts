import { Prisma } from '@prisma/client';
import { CannotStart } from '../../cannot-start';

/** The database has not had this program's migrations. */
export class SchemaOutdated extends CannotStart {
  override readonly name = 'SchemaOutdated';

  constructor(cause: unknown) {
    super(
      'The database lacks a table or a column of this version: start the service once, which brings it up to date.',
    );
    this.cause = cause;
  }
}

/** Prisma's codes, and the driver adapter's words, for a table or a column that is not there. */
const CODES = new Set(['P2021', 'P2022']);
const KINDS = new Set(['TableDoesNotExist', 'ColumnNotFound']);

/** Whether a statement failed because the database is older than the program. */
export function isSchemaOutdated(error: unknown): boolean {
  if (!(error instanceof Prisma.PrismaClientKnownRequestError)) return false;
  const fault = error.meta?.['driverAdapterError'] as
    | { readonly cause?: { readonly kind?: string } }
    | undefined;
  return CODES.has(error.code) || KINDS.has(fault?.cause?.kind ?? '');
}
