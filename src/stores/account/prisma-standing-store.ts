import type { Prisma, User } from '@prisma/client';
import type { Clock } from '../../clock';
import type { Act, Origin } from '../audit/audit-store';
import type { PrismaAuditTrail } from '../audit/prisma-audit-trail';
import { enqueueMail } from '../outbox/prisma-outbox-store';
import { ADVISORY_LOCKS } from '../postgres/advisory-locks';
import { endFreshness, endSessions } from '../session-record/prisma-session-row';
import { directoryUserOf } from '../user-directory/directory-row';
import { accountOf, lockUser } from './prisma-account-row';
import type { ChangedStanding, RemovedAccount, StandingChange, StandingStore } from './standing-store';

/** Role, disabling and removal in PostgreSQL. */
export class PrismaStandingStore implements StandingStore {
  readonly #audit: PrismaAuditTrail;
  readonly #clock: Clock;

  constructor(audit: PrismaAuditTrail, clock: Clock) {
    this.#audit = audit;
    this.#clock = clock;
  }

  async change(userId: string, change: StandingChange, by: Origin): Promise<ChangedStanding> {
    const now = this.#clock.now();
    return this.#audit.change(by, async (tx, tell): Promise<ChangedStanding> => {
      const row = await lockUser(tx, userId);
      if (row === null || directoryUserOf(row, now) === undefined) return { outcome: 'unknown' };
      const before = accountOf(row, now);
      const role = change.role ?? before.role;
      const disabling = disablingOf(row, before.disabled, change, now);
      if (disabling === undefined) return { outcome: 'not_disabled' };
      // A pending registration is nobody yet: whoever registers the address anew would be what it was made.
      if (role !== before.role && !before.emailVerified) return { outcome: 'pending' };
      const disabled = disabling.disabledAt !== null;
      const leaves = before.role === 'ADMIN' && !before.disabled && (role !== 'ADMIN' || disabled);
      if (leaves && !(await otherAdminRemains(tx, userId, now))) return { outcome: 'last_admin' };
      const acts = actsOf(userId, before, role, row, disabling);
      const changed =
        acts.length === 0
          ? row
          : await tx.user.update({
              where: { id: userId },
              data: { role, ...disabling, version: { increment: 1 } },
            });
      const endedSessions = disabled ? await endSessions(tx, now, { userId }) : undefined;
      // The password was not given for what an admin may do.
      const promoted = role === 'ADMIN' && before.role !== 'ADMIN';
      const staleSessions = promoted ? await endFreshness(tx, now, userId) : [];
      for (const act of acts) tell(act);
      const user = directoryUserOf(changed, now);
      if (user === undefined) throw new Error('a user who was there has gone');
      return { outcome: 'changed', account: accountOf(changed, now), user, endedSessions, staleSessions };
    });
  }

  async remove(userId: string, by: Origin, credentialVersion?: number): Promise<RemovedAccount> {
    const now = this.#clock.now();
    return this.#audit.change(by, async (tx, tell): Promise<RemovedAccount> => {
      const row = await lockUser(tx, userId);
      if (row === null) return { outcome: 'unknown' };
      const { role, disabled } = accountOf(row, now);
      if (credentialVersion !== undefined && credentialVersion !== row.credentialVersion) {
        return { outcome: 'stale' };
      }
      const leaves = role === 'ADMIN' && !disabled;
      if (leaves && !(await otherAdminRemains(tx, userId, now))) return { outcome: 'last_admin' };
      const endedSessions = await endSessions(tx, now, { userId });
      await removeMails(tx, row);
      await tx.user.delete({ where: { id: userId } });
      tell({ type: 'user_deleted', subjectId: userId });
      return { outcome: 'removed', endedSessions };
    });
  }

  async startPasswordReset(userId: string, by: Origin): Promise<boolean> {
    return this.#audit.change(by, async (tx, tell) => {
      const user = await tx.user.findUnique({ where: { id: userId, emailVerifiedAt: { not: null } } });
      if (user === null) return false;
      await enqueueMail(tx, { kind: 'RESET_CODE', email: user.email, now: this.#clock.now() });
      tell({ type: 'authz_admin', subjectId: userId, details: { what: 'password reset started' } });
      return true;
    });
  }
}

type Disabling = Pick<User, 'disabledAt' | 'disabledUntil' | 'disabledReason'>;

const ENABLED: Disabling = { disabledAt: null, disabledUntil: null, disabledReason: null };

/** What is written of a disabling after the change; undefined where an end or a reason is given for none. */
function disablingOf(
  row: User,
  disabledBefore: boolean,
  change: StandingChange,
  now: number,
): Disabling | undefined {
  const held = disabledBefore ? row : ENABLED;
  if (!(change.disabled ?? disabledBefore)) {
    const given = [change.disabledUntil, change.disabledReason].some((value) => (value ?? null) !== null);
    return given ? undefined : ENABLED;
  }
  const { disabledUntil: until, disabledReason: reason } = change;
  return {
    disabledAt: held.disabledAt ?? new Date(now),
    disabledUntil: until === undefined ? held.disabledUntil : until === null ? null : new Date(until),
    disabledReason: reason === undefined ? held.disabledReason : reason,
  };
}

/** What really changed. The reason is not told: it is free text, and may name somebody. */
function actsOf(
  subjectId: string,
  before: { readonly role: User['role']; readonly disabled: boolean },
  role: User['role'],
  held: Disabling,
  disabling: Disabling,
): Act[] {
  const acts: Act[] = [];
  if (role !== before.role) {
    const details = { from: before.role, to: role };
    acts.push({ type: 'privilege_permissions_changed', subjectId, details });
  }
  const until = disabling.disabledUntil?.toISOString() ?? null;
  const disabled = disabling.disabledAt !== null;
  if (disabled && !before.disabled) {
    acts.push({ type: 'authn_login_lock', subjectId, details: { until } });
  } else if (!disabled && before.disabled) {
    acts.push({ type: 'user_updated', subjectId, details: { what: 'enabled' } });
  } else if (
    disabled &&
    (held.disabledReason !== disabling.disabledReason ||
      held.disabledUntil?.getTime() !== disabling.disabledUntil?.getTime())
  ) {
    acts.push({ type: 'user_updated', subjectId, details: { what: 'disabling', until } });
  }
  return acts;
}

/** Whether there is another active admin. Until this transaction ends nobody else who asks gets an answer. */
async function otherAdminRemains(
  tx: Prisma.TransactionClient,
  userId: string,
  now: number,
): Promise<boolean> {
  // Two admins who remove each other at once come one after the other.
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(${ADVISORY_LOCKS.admins})`;
  // The role as a literal: of a parameter the planner does not know that the index of admins has its rows.
  const [others] = await tx.$queryRaw<{ remain: boolean }[]>`
    SELECT EXISTS (
      SELECT FROM users
      WHERE role = 'ADMIN' AND id <> ${userId}::uuid AND email_verified_at IS NOT NULL
        AND (disabled_at IS NULL OR disabled_until <= ${new Date(now)})
    ) AS remain`;
  return others?.remain === true;
}

/** Mails to the user's address, and those of the user's changes of it, which may be for others. */
async function removeMails(tx: Prisma.TransactionClient, { id: userId, email }: User): Promise<void> {
  const changes = await tx.emailChange.findMany({ where: { userId }, select: { id: true } });
  const ofChanges = { emailChangeId: { in: changes.map(({ id }) => id) } };
  await tx.outboxMail.deleteMany({ where: { OR: [{ email }, ofChanges] } });
}
