import { MAIL_KINDS, type MailKind, type OutboxMail } from '../stores/outbox/outbox-store';
import { MailComposer } from './mail-composer';
import type { Recipient } from './recipients';
import { MailTemplates } from './templates';

const at = Date.UTC(2026, 0, 1);
const baseUrl = 'https://auth.example/';
const recipient: Recipient = {
  userId: '0190-user',
  email: 'stored@example.com',
  credentialVersion: 7,
  pending: true,
  role: 'USER',
  disabled: false,
};

function mail(kind: MailKind): OutboxMail {
  return {
    id: 'mail',
    kind,
    email: 'typed@example.com',
    credentialVersion: null,
    emailChangeId: null,
    attempts: 1,
    createdAt: at,
    expiresAt: at + 1,
  };
}

function composing() {
  const codes = {
    draw: jest.fn(async () => ({ id: 'c1', code: '000042', token: 'long-token' })),
    activate: jest.fn(async () => {}),
    discard: jest.fn(async () => {}),
  };
  const links = { issue: jest.fn((_claims: object) => 'link/token') };
  const templates = new MailTemplates({ baseUrl });
  return { codes, links, composer: new MailComposer({ codes, links, templates, baseUrl }) };
}

describe('composing a mail', () => {
  it.each([
    ['VERIFY_EMAIL', 'verify_email'],
    ['LOGIN_CODE', 'login'],
    ['RESET_CODE', 'reset_password'],
    ['EMAIL_CHANGE_CODE', 'change_email'],
  ] as const)('%s goes to the stored address with a code of its own', async (kind, purpose) => {
    const { codes, composer } = composing();
    const { message } = await composer.compose(mail(kind), recipient);
    expect(codes.draw).toHaveBeenCalledWith({
      account: '0190-user',
      email: 'stored@example.com',
      purpose,
      credentialVersion: 7,
      expiresAt: at + 600_000,
    });
    expect(message.to).toBe('stored@example.com');
    expect(message.text).toContain('\n000042\n');
    expect(JSON.stringify(message)).not.toContain('typed@');
  });

  it('a verification links to the service alone, for 24 hours from the request', async () => {
    const { links, composer } = composing();
    const { message } = await composer.compose(mail('VERIFY_EMAIL'), recipient);
    expect(links.issue).toHaveBeenCalledWith({
      purpose: 'verify_email',
      subjectId: '0190-user',
      version: 7,
      expiresAt: at + 86_400_000,
    });
    expect(message.text).toContain('\nhttps://auth.example/verify-email?token=link%2Ftoken\n');
  });

  it('a notice of a change of e-mail links to what undoes that change, as long as it can be undone', async () => {
    const { codes, links, composer } = composing();
    const notice = { ...mail('EMAIL_CHANGE_NOTICE'), emailChangeId: '0190-change' };
    const { message } = await composer.compose(notice, { ...recipient, undoUntil: at + 5 });
    expect(links.issue.mock.calls).toEqual([
      [{ purpose: 'undo_email_change', subjectId: '0190-change', version: 0, expiresAt: at + 5 }],
    ]);
    expect(message.text).toContain('\nhttps://auth.example/undo-email-change?token=link%2Ftoken\n');
    expect(codes.draw).not.toHaveBeenCalled();
  });

  it('draws a code for nobody where one for a new address is withheld, and there alone', async () => {
    for (const kind of MAIL_KINDS) {
      const { codes, composer } = composing();
      await composer.withhold(mail(kind), recipient);
      const calls = kind === 'EMAIL_CHANGE_CODE' ? 1 : 0;
      expect(codes.draw).toHaveBeenCalledTimes(calls);
      expect(codes.activate).toHaveBeenCalledTimes(calls);
    }
  });

  it('makes the code current when the mail was accepted, and void when it was not', async () => {
    const { codes, composer } = composing();
    const composed = await composer.compose(mail('LOGIN_CODE'), recipient);
    await composed.accepted();
    expect(codes.activate).toHaveBeenCalledWith('0190-user', 'login', 'c1');
    await composed.refused();
    expect(codes.discard).toHaveBeenCalledWith('0190-user', 'login', 'c1');
  });

  it.each(['ALREADY_REGISTERED', 'PASSWORD_CHANGED', 'TOKEN_REUSED', 'EMAIL_CHANGE_UNDONE'] as const)(
    '%s carries neither code nor link',
    async (kind) => {
      const { codes, links, composer } = composing();
      const composed = await composer.compose(mail(kind), recipient);
      await composed.accepted();
      await composed.refused();
      for (const call of [codes.draw, codes.activate, codes.discard, links.issue])
        expect(call).not.toHaveBeenCalled();
    },
  );
});
