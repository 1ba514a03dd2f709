import { parseSmtpUrl } from './smtp-url';

describe('an SMTP URL', () => {
  it('means STARTTLS where offered for smtp://, TLS from the start for smtps://', () => {
    expect(parseSmtpUrl('smtp://mail.example')).toEqual({
      host: 'mail.example',
      port: 587,
      secure: false,
      requireTLS: false,
    });
    expect(parseSmtpUrl('smtps://mail.example')).toMatchObject({ port: 465, secure: true });
    expect(parseSmtpUrl('smtp://[::1]:1025')).toMatchObject({ host: '::1', port: 1025 });
  });

  it('carries percent-encoded credentials and then insists on TLS, except on this machine', () => {
    const auth = { user: 'a@b.example', pass: 'p:/ß' };
    expect(parseSmtpUrl('smtp://a%40b.example:p%3A%2F%C3%9F@mail.example')).toMatchObject({
      auth,
      requireTLS: true,
    });
    expect(parseSmtpUrl('smtp://u:p@127.0.0.1')).toMatchObject({ requireTLS: false });
    expect(parseSmtpUrl('smtp://u:p@127.0.0.1.example')).toMatchObject({ requireTLS: true });
    expect(parseSmtpUrl('smtp://mail.example?requireTLS=true')).toMatchObject({ requireTLS: true });
  });

  it.each([
    'mail.example',
    'http://user:hunter2@mail.example',
    'smtp://',
    'smtp://user:hunter2@mail.example?socketTimeout=0',
    'smtp://user:hunter2%ZZ@mail.example',
  ])('is refused without repeating it: %s', (url) => {
    expect.assertions(2);
    try {
      parseSmtpUrl(url);
    } catch (error) {
      expect(error).toBeInstanceOf(Error);
      expect(String(error)).not.toContain('hunter2');
    }
  });
});
