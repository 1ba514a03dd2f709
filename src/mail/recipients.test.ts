import { MAIL_KINDS, type MailKind, type OutboxMail } from '../stores/outbox/outbox-store';
import { isBudgeted, mayReceive, type Recipient } from './recipients';

const verified: Recipient = {
  userId: 'u',
  email: 'ann@example.com',
  credentialVersion: 3,
  pending: false,
  role: 'USER',
  disabled: false,
};
const pending: Recipient = { ...verified, pending: true };

function mail(kind: MailKind, credentialVersion: number | null = null): OutboxMail {
  return {
    id: 'm',
    kind,
    email: 'ann@example.com',
    credentialVersion,
    emailChangeId: null,
    attempts: 1,
    createdAt: 0,
    expiresAt: 1,
  };
}

describe('who may receive a mail', () => {
  it('gives a verification only to a pending account, and only for the registration it was written for', () => {
    expect(mayReceive(mail('VERIFY_EMAIL'), pending)).toBe(true);
    expect(mayReceive(mail('VERIFY_EMAIL', 3), pending)).toBe(true);
    expect(mayReceive(mail('VERIFY_EMAIL', 2), pending)).toBe(false);
    expect(mayReceive(mail('VERIFY_EMAIL'), verified)).toBe(false);
  });

  it('gives a sign-in code only to a verified, enabled account that is no admin', () => {
    expect(mayReceive(mail('LOGIN_CODE'), verified)).toBe(true);
    expect(mayReceive(mail('LOGIN_CODE'), pending)).toBe(false);
    expect(mayReceive(mail('LOGIN_CODE'), { ...verified, disabled: true })).toBe(false);
    expect(mayReceive(mail('LOGIN_CODE'), { ...verified, role: 'ADMIN' })).toBe(false);
  });

  it.each(['RESET_CODE', 'ALREADY_REGISTERED', 'PASSWORD_CHANGED', 'TOKEN_REUSED'] as const)(
    'gives %s to any verified account, disabled ones and admins too, and to no pending one',
    (kind) => {
      expect(mayReceive(mail(kind), verified)).toBe(true);
      expect(mayReceive(mail(kind), { ...verified, disabled: true, role: 'ADMIN' })).toBe(true);
      expect(mayReceive(mail(kind), pending)).toBe(false);
    },
  );

  it('gives a code for a new address only where nobody else has that', () => {
    expect(mayReceive(mail('EMAIL_CHANGE_CODE'), { ...verified, taken: false })).toBe(true);
    expect(mayReceive(mail('EMAIL_CHANGE_CODE'), { ...verified, taken: true })).toBe(false);
    expect(mayReceive(mail('EMAIL_CHANGE_CODE'), verified)).toBe(false);
  });
});

it('budgets what anybody can cause by an address, and not the way back in after an undone change', () => {
  expect(MAIL_KINDS.filter((kind) => isBudgeted(mail(kind)))).toEqual([
    'VERIFY_EMAIL',
    'LOGIN_CODE',
    'RESET_CODE',
    'ALREADY_REGISTERED',
    'EMAIL_CHANGE_CODE',
  ]);
  expect(isBudgeted({ ...mail('RESET_CODE'), emailChangeId: 'change' })).toBe(false);
});
