import { MAIL_KINDS, type MailKind } from '../stores/outbox/outbox-store';
import { MailTemplates } from './templates';

const templates = new MailTemplates({ baseUrl: 'https://auth.example:8443' });
const at = Date.UTC(2026, 10, 23, 22, 47);
const code = '012345';
const token = 'Yk3-token_0123456789abcdefghijklmnopqrstuvwx';
const link = 'https://auth.example:8443/verify-email?token=abc';
const CODE_KINDS: readonly MailKind[] = ['VERIFY_EMAIL', 'LOGIN_CODE', 'RESET_CODE', 'EMAIL_CHANGE_CODE'];
const LINK_KINDS: readonly MailKind[] = ['VERIFY_EMAIL', 'EMAIL_CHANGE_NOTICE'];

function lines(text: string): string[] {
  return text.split('\n');
}

describe('the words of a mail', () => {
  it.each(MAIL_KINDS)('%s: both parts name the host, leave nothing unfilled and load nothing', (kind) => {
    const { subject, text, html } = templates.render({ kind, at, code, token, link });
    for (const part of [subject, text, html]) {
      expect(part).toContain('auth.example:8443');
      expect(part).not.toMatch(/undefined|null|NaN|<%|%>/);
    }
    expect(subject).toMatch(/^[ -~]{1,78}$/);
    expect(text).toMatch(/^[\n -~]+$/);
    expect(html).not.toMatch(/<(img|script|link|iframe|style)\b|url\(|src=/i);
    expect(html).toContain('<html lang="en">');
    expect(html).toContain('<meta name="color-scheme" content="light dark">');
  });

  it.each(CODE_KINDS)('%s: the code stands alone on one line, the token on another', (kind) => {
    const { subject, text, html } = templates.render({ kind, at, code, token, link });
    expect(lines(text).filter((line) => /^\d{6}$/.test(line))).toEqual([code]);
    expect(lines(text).filter((line) => line.startsWith('otp-token: '))).toEqual([`otp-token: ${token}`]);
    expect(subject).not.toContain(code);
    expect(html).toContain(`>${code}<`);
    expect(html).toContain(token);
    expect(text).toContain('10 minutes');
    expect(text).toMatch(/If (it was not you|you are not|you did not)/);
  });

  it('a link stands alone on a line, and no mail has one but those for it', () => {
    for (const kind of MAIL_KINDS) {
      const { text, html } = templates.render({ kind, at, code, token, link });
      expect(lines(text).filter((line) => line.includes('http'))).toEqual(
        LINK_KINDS.includes(kind) ? [link] : [],
      );
      expect(html.includes('href=')).toBe(LINK_KINDS.includes(kind));
    }
  });

  it('a notice says when', () => {
    for (const kind of MAIL_KINDS.filter((each) => !CODE_KINDS.includes(each))) {
      const { text, html } = templates.render({ kind, at });
      expect(text.replaceAll('\n', ' ')).toContain('23 November 2026 at 22:47 UTC');
      expect(html).toContain('23 November 2026 at 22:47 UTC');
    }
  });

  it('a notice of a change of e-mail says how long its link works', () => {
    for (const part of Object.values(templates.render({ kind: 'EMAIL_CHANGE_NOTICE', at, link })).slice(1)) {
      expect(part).toMatch(/works\s+for 72 hours/);
    }
  });

  it('escapes what it fills into HTML', () => {
    const { html } = templates.render({
      kind: 'VERIFY_EMAIL',
      at,
      code,
      token: '"><b>&',
      link: 'https://x/?a=1&b="',
    });
    expect(html).toContain('&quot;&gt;&lt;b&gt;&amp;');
    expect(html).toContain('href="https://x/?a=1&amp;b=&quot;"');
  });
});
