-- AlterTable
ALTER TABLE "audit_exports" ADD COLUMN     "key_id" TEXT NOT NULL,
ADD COLUMN     "mac" BYTEA NOT NULL;
