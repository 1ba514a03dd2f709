-- CreateEnum
CREATE TYPE "AuditMarkKind" AS ENUM ('ANCHOR', 'HEAD', 'CHECKPOINT');

-- AlterEnum


ALTER TYPE "MailKind" ADD VALUE 'EMAIL_CHANGE_CODE';
ALTER TYPE "MailKind" ADD VALUE 'EMAIL_CHANGE_NOTICE';
ALTER TYPE "MailKind" ADD VALUE 'EMAIL_CHANGE_UNDONE';

-- AlterTable
ALTER TABLE "outbox_mails" ADD COLUMN     "email_change_id" UUID;

-- AlterTable
ALTER TABLE "users" ADD COLUMN     "audit_key" BYTEA NOT NULL DEFAULT decode(replace(((gen_random_uuid())::text || (gen_random_uuid())::text), '-'::text, ''::text), 'hex'::text),
ADD COLUMN     "disabled_reason" TEXT,
ADD COLUMN     "disabled_until" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "email_changes" (
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "from_email" TEXT NOT NULL,
    "to_email" TEXT NOT NULL,
    "requested_at" TIMESTAMPTZ(3) NOT NULL,
    "confirmed_at" TIMESTAMPTZ(3),
    "undone_at" TIMESTAMPTZ(3),
    "undo_until" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "email_changes_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "allowlist_entries" (
    "id" UUID NOT NULL,
    "cidr" TEXT NOT NULL,
    "note" TEXT,
    "expires_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "allowlist_entries_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit_events" (
    "id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "type" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,
    "actor_id" UUID,
    "subject_id" UUID,
    "address" BYTEA,
    "request_id" TEXT NOT NULL,
    "details" TEXT NOT NULL,
    "key_id" TEXT NOT NULL,
    "mac" BYTEA NOT NULL,
    "seq" BIGINT,
    "chain" BYTEA,

    CONSTRAINT "audit_events_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit_refusals" (
    "minute" TIMESTAMPTZ(3) NOT NULL,
    "type" TEXT NOT NULL,
    "code" TEXT NOT NULL,
    "address_digest" TEXT NOT NULL,
    "address" BYTEA NOT NULL,
    "key_id" TEXT NOT NULL,
    "count" INTEGER NOT NULL,

    CONSTRAINT "audit_refusals_pkey" PRIMARY KEY ("minute","type","code","address_digest")
);

-- CreateTable
CREATE TABLE "audit_marks" (
    "kind" "AuditMarkKind" NOT NULL,
    "seq" BIGINT NOT NULL,
    "chain" BYTEA NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "key_id" TEXT NOT NULL,
    "mac" BYTEA NOT NULL,

    CONSTRAINT "audit_marks_pkey" PRIMARY KEY ("kind","seq")
);

-- CreateTable
CREATE TABLE "audit_exports" (
    "id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "from" TIMESTAMPTZ(3) NOT NULL,
    "to" TIMESTAMPTZ(3) NOT NULL,
    "through_seq" BIGINT NOT NULL,

    CONSTRAINT "audit_exports_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "email_changes_user_id_requested_at_idx" ON "email_changes"("user_id", "requested_at");

-- CreateIndex
CREATE INDEX "email_changes_from_email_idx" ON "email_changes"("from_email");

-- CreateIndex
CREATE INDEX "email_changes_undo_until_idx" ON "email_changes"("undo_until");

-- CreateIndex
CREATE UNIQUE INDEX "audit_events_seq_key" ON "audit_events"("seq");

-- CreateIndex
CREATE INDEX "audit_events_actor_id_id_idx" ON "audit_events"("actor_id", "id");

-- CreateIndex
CREATE INDEX "audit_events_subject_id_id_idx" ON "audit_events"("subject_id", "id");

-- CreateIndex
CREATE INDEX "audit_events_type_id_idx" ON "audit_events"("type", "id");

-- AddForeignKey
ALTER TABLE "email_changes" ADD CONSTRAINT "email_changes_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- By hand, for Prisma's schema cannot say it: canonical forms, and indexes over the few rows that are looked for.
ALTER TABLE "email_changes"
  ADD CONSTRAINT "email_changes_canonical"
    CHECK ("from_email" = lower("from_email") AND "to_email" = lower("to_email") AND "from_email" <> "to_email"),
  ADD CONSTRAINT "email_changes_length"
    CHECK (octet_length("from_email") <= 254 AND octet_length("to_email") <= 254);

ALTER TABLE "audit_events"
  ADD CONSTRAINT "audit_events_sealed_whole" CHECK (("seq" IS NULL) = ("chain" IS NULL));

CREATE INDEX "users_admins_idx" ON "users"("id") WHERE "role" = 'ADMIN';
CREATE INDEX "audit_events_unsealed_idx" ON "audit_events"("id") WHERE "seq" IS NULL;
