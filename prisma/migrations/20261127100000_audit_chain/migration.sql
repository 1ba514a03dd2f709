-- AlterTable
ALTER TABLE "audit_exports" ADD COLUMN     "key_id" TEXT NOT NULL,
ADD COLUMN     "mac" BYTEA NOT NULL;

-- By hand, for Prisma's schema cannot say it: without the events that are still to be sealed, which have an index of their
-- own. Here each would leave a dead entry among those without a place, and all of them would be looked at every second.
DROP INDEX "audit_events_seq_key";
CREATE UNIQUE INDEX "audit_events_seq_key" ON "audit_events"("seq") WHERE "seq" IS NOT NULL;
