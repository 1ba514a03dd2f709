-- CreateTable
CREATE TABLE "limit_overrides" (
    "policy" TEXT NOT NULL,
    "capacity" INTEGER,
    "refill_per_second" DOUBLE PRECISION,
    "shadow_until" TIMESTAMPTZ(3),
    "rate_since" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "limit_overrides_pkey" PRIMARY KEY ("policy")
);

-- By hand, for Prisma's schema cannot say it: no row may hold what no bucket can be (NaN is the greatest number here).
ALTER TABLE "limit_overrides"
  ADD CONSTRAINT "limit_overrides_capacity" CHECK ("capacity" BETWEEN 1 AND 1000000),
  ADD CONSTRAINT "limit_overrides_refill" CHECK ("refill_per_second" BETWEEN 0.000000001 AND 1000000);
