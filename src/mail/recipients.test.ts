import type { MailKind, OutboxMail } from '../stores/outbox/outbox-store';
import { mayReceive, type Recipient } from './recipients';

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
});
