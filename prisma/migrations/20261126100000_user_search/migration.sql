-- Trigrams, for names that are typed almost right. A trusted extension: the owner of the database may make it.
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- CreateTable
CREATE TABLE "user_name_parts" (
    "segment" SMALLINT NOT NULL,
    "later" BOOLEAN NOT NULL,
    "part" TEXT COLLATE "C" NOT NULL,
    "user_id" UUID NOT NULL,

    CONSTRAINT "user_name_parts_pkey" PRIMARY KEY ("segment","later","part","user_id")
);

-- CreateTable
CREATE TABLE "user_name_words" (
    "word" TEXT COLLATE "C" NOT NULL,

    CONSTRAINT "user_name_words_pkey" PRIMARY KEY ("word")
);

-- By hand, for Prisma's schema cannot say it. See docs/decisions/0010-user-search.md.

-- Which of eight segments a user is listed in: 1 for an admin, plus 2 if disabled, plus 4 if the e-mail is unproven.
CREATE FUNCTION user_segment("role" "Role", "disabled_at" TIMESTAMPTZ, "email_verified_at" TIMESTAMPTZ)
RETURNS SMALLINT LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (("role" = 'ADMIN')::int + 2 * ("disabled_at" IS NOT NULL)::int + 4 * ("email_verified_at" IS NULL)::int)::smallint;

-- A name as it is searched: lower case, one space for whatever stands between words. One made of nothing else stays.
CREATE FUNCTION user_name_key("name" TEXT)
RETURNS TEXT LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(nullif(ltrim(regexp_replace(lower("name"), '[ _.-]+', ' ', 'g')), ''), lower("name"));

-- The name from each of its words on: "ada king42" and, later, "king42"; each with its first word, less the number at
-- its end.
CREATE FUNCTION split_user_name("name" TEXT)
RETURNS TABLE ("later" BOOLEAN, "part" TEXT, "word" TEXT) LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT place > 1, array_to_string(words[place:], ' '),
    coalesce(nullif(rtrim(words[place], '0123456789'), ''), words[place])
  FROM string_to_array(user_name_key("name"), ' ') AS words, generate_subscripts(words, 1) AS place
  WHERE words[place] <> '';
END;

-- Whether any user's name has the word, alone or with a number. In the order of code points the space comes before the
-- digits, the digits before ":", and that before the letters; nothing else stands in a name so spelt.
CREATE FUNCTION user_name_word_is_used("wanted" TEXT)
RETURNS BOOLEAN LANGUAGE sql STABLE
RETURN EXISTS (
  SELECT FROM generate_series(0, 7) AS segments(segment), (VALUES (false), (true)) AS places(later), LATERAL (
    SELECT FROM "user_name_parts" AS p
    WHERE p."segment" = segments.segment AND p."later" = places.later
      AND p."part" >= "wanted" AND p."part" < "wanted" || ':'
    LIMIT 1
  ) AS found
);

-- The functions keep the search path of this migration: the restoring of a backup has none.

CREATE FUNCTION add_user_name_words("wanted" TEXT[]) RETURNS VOID LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  held int;
BEGIN
  LOOP
    INSERT INTO user_name_words (word) SELECT w FROM unnest(wanted) AS w ORDER BY w ON CONFLICT DO NOTHING;
    -- Held until this transaction ends, so that nobody who does not see its user yet removes them.
    PERFORM FROM user_name_words WHERE word = ANY (wanted) ORDER BY word FOR KEY SHARE;
    GET DIAGNOSTICS held = ROW_COUNT;
    EXIT WHEN held = cardinality(wanted);
  END LOOP;
END $$;

CREATE FUNCTION remove_unused_user_name_words("candidates" TEXT[]) RETURNS VOID LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  unused text[];
BEGIN
  -- A word that somebody holds is about to be used: it is passed over, not waited for.
  unused := ARRAY(
    SELECT word FROM user_name_words
    WHERE word = ANY (candidates) AND NOT user_name_word_is_used(word)
    ORDER BY word FOR UPDATE SKIP LOCKED);
  -- Looked at again, for its holder may have committed just before it was locked here.
  DELETE FROM user_name_words WHERE word = ANY (unused) AND NOT user_name_word_is_used(word);
END $$;

CREATE FUNCTION unlist_user_name("listed" "users") RETURNS VOID LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  DELETE FROM user_name_parts
  WHERE segment = user_segment(listed.role, listed.disabled_at, listed.email_verified_at)
    AND later IN (false, true)
    AND part = ANY (ARRAY(SELECT split.part FROM split_user_name(listed.username) AS split))
    AND user_id = listed.id;
END $$;

CREATE FUNCTION list_user_name() RETURNS TRIGGER LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  renamed boolean := TG_OP = 'INSERT' OR NEW.username <> OLD.username;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    PERFORM unlist_user_name(OLD);
  END IF;
  INSERT INTO user_name_parts (segment, later, part, user_id)
  SELECT user_segment(NEW.role, NEW.disabled_at, NEW.email_verified_at), split.later, split.part, NEW.id
  FROM split_user_name(NEW.username) AS split
  ON CONFLICT DO NOTHING; -- a backup may have brought them already
  IF renamed THEN
    PERFORM add_user_name_words(ARRAY(SELECT DISTINCT word FROM split_user_name(NEW.username)));
  END IF;
  IF renamed AND TG_OP = 'UPDATE' THEN
    PERFORM remove_unused_user_name_words(ARRAY(SELECT word FROM split_user_name(OLD.username)));
  END IF;
  RETURN NULL;
END $$;

-- For a statement and not for a row, since housekeeping removes many users with one.
CREATE FUNCTION unlist_user_names() RETURNS TRIGGER LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM unlist_user_name(gone) FROM gone;
  PERFORM remove_unused_user_name_words(
    ARRAY(SELECT DISTINCT split.word FROM gone, split_user_name(gone.username) AS split));
  RETURN NULL;
END $$;

INSERT INTO "user_name_parts" ("segment", "later", "part", "user_id")
SELECT user_segment(u."role", u."disabled_at", u."email_verified_at"), p."later", p."part", u."id"
FROM "users" AS u, split_user_name(u."username") AS p
ORDER BY 1, 2, 3, 4;

INSERT INTO "user_name_words" ("word")
SELECT DISTINCT p."word" FROM "users" AS u, split_user_name(u."username") AS p;

CREATE TRIGGER "users_name_is_new" AFTER INSERT ON "users"
FOR EACH ROW EXECUTE FUNCTION list_user_name();

CREATE TRIGGER "users_name_is_changed" AFTER UPDATE ON "users"
FOR EACH ROW WHEN (
  (OLD."username", user_segment(OLD."role", OLD."disabled_at", OLD."email_verified_at"))
  IS DISTINCT FROM (NEW."username", user_segment(NEW."role", NEW."disabled_at", NEW."email_verified_at"))
) EXECUTE FUNCTION list_user_name();

CREATE TRIGGER "users_names_are_gone" AFTER DELETE ON "users"
REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION unlist_user_names();

-- Without fast update: its list of what is not yet sorted in would be read by every search.
CREATE INDEX "user_name_words_word_idx" ON "user_name_words" USING GIN ("word" gin_trgm_ops) WITH (fastupdate = off);

CREATE INDEX "users_segment_id_idx" ON "users" (user_segment("role", "disabled_at", "email_verified_at"), "id");
CREATE INDEX "users_segment_email_idx" ON "users"
  (user_segment("role", "disabled_at", "email_verified_at"), "email" COLLATE "C");

-- So that the first searches are planned well too.
ANALYZE "users", "user_name_parts", "user_name_words";
