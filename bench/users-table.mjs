import { peopleFrom, randomFrom } from './people.mjs';

const BATCH = 20_000;
const TABLES = ['users', 'user_name_parts', 'user_name_words'];
const DAY = 24 * 60 * 60_000;
/** Over so long they have registered, evenly. */
const SPAN = 730 * DAY;
/** Is still an hour later, when the last request is made. */
const PENDING = DAY - 60 * 60_000;

/**
 * Fills the tables of a migrated database with so many users, in bulk: without triggers and indexes, whose work is done
 * once at the end. One in 5,000 is an admin, one in 100 disabled (a third of them until a time to come, a tenth until one
 * that has passed), one in 500 pending, one in 10,000 a registration that has died. The same ones each time.
 */
export async function fillUsers(pool, count) {
  const now = Date.now();
  const random = randomFrom(count);
  const person = peopleFrom(random);
  await pool.query('ALTER TABLE users DISABLE TRIGGER USER');
  const { rows: indexes } = await pool.query(
    `SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition
     FROM pg_index WHERE indrelid = ANY ($1::regclass[]) AND NOT indisprimary`,
    [TABLES],
  );
  for (const { name } of indexes) await pool.query(`DROP INDEX ${name}`);
  for (let from = 0; from < count; from += BATCH) {
    const users = Array.from({ length: Math.min(BATCH, count - from) }, (_, n) => userOf(from + n));
    const columns = [
      'id',
      'email',
      'username',
      'role',
      'verified',
      'disabled',
      'until',
      'registered',
      'created',
    ];
    await pool.query(
      `INSERT INTO users (id, email, username, role, email_verified_at, disabled_at, disabled_until, disabled_reason,
         registered_at, created_at, password_hash)
       SELECT id, email, username, role::"Role", verified, disabled, until, CASE WHEN disabled IS NOT NULL THEN 'spam' END,
         registered, created, repeat('x', 100)
       FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[],
         $7::timestamptz[], $8::timestamptz[], $9::timestamptz[]) AS users(${columns})`,
      columns.map((column) => users.map((user) => user[column])),
    );
  }
  await pool.query(
    `INSERT INTO user_name_parts (segment, later, part, user_id)
     SELECT user_segment(role, disabled_at, email_verified_at), split.later, split.part, id
     FROM users, split_user_name(username) AS split ORDER BY 1, 2, 3, 4 ON CONFLICT DO NOTHING`,
  );
  await pool.query(
    `INSERT INTO user_name_words (word)
     SELECT DISTINCT split.word FROM users, split_user_name(username) AS split ON CONFLICT DO NOTHING`,
  );
  for (const { definition } of indexes) await pool.query(definition);
  await pool.query('ALTER TABLE users ENABLE TRIGGER USER');
  for (const table of TABLES) await pool.query(`VACUUM ANALYZE ${table}`);

  function userOf(n) {
    const created = now - SPAN + Math.floor((SPAN * n) / count);
    const pending = random() < 1 / 500;
    const dead = random() < 1 / 10_000;
    const disabled = random() < 1 / 100;
    const until = random();
    return {
      id: idAt(created, random),
      ...person(),
      role: n === 0 || random() < 1 / 5_000 ? 'ADMIN' : 'USER',
      verified: pending || dead ? null : new Date(created),
      disabled: disabled ? new Date(created) : null,
      until: !disabled || until > 1 / 3 ? null : new Date(until > 1 / 10 ? now + 30 * DAY : now - DAY),
      registered: new Date(pending ? now - Math.floor(random() * PENDING) : created),
      created: new Date(created),
    };
  }
}

/** A UUID version 7. */
function idAt(milliseconds, random) {
  const time = milliseconds.toString(16).padStart(12, '0');
  const hex = () =>
    Math.floor(random() * 0x10000)
      .toString(16)
      .padStart(4, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex().slice(1)}-a${hex().slice(1)}-${hex()}${hex()}${hex()}`;
}
