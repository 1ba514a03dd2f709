import { deriveKeys } from './keyring';
import { type LinkPurpose, LinkTokens } from './link-token';

let now = 1_800_000_000_000;
const clock = { now: () => now, offset: 0 };
const [OLD, NEW] = ['the secret before this one, long enough', 'the secret of today, also long enough'];
const linksWith = (...secrets: string[]) => new LinkTokens({ keys: deriveKeys(secrets, 'links'), clock });
const links = linksWith(NEW);
const content = { subjectId: '0197a3e0-1234-7abc-8def-0123456789ab', version: 3 };
const issued = (from = links) => from.issue({ ...content, purpose: 'verify_email', expiresAt: now + 1_000 });

it('says what it was made for, and which version of it', () => {
  expect(issued()).toMatch(/^tgl_[\w-]{78}$/);
  expect(links.verify(issued(), 'verify_email')).toEqual(content);
});

it('is read from mails of earlier versions of the service', () => {
  const mailed = 'tgl_AZej4BI0eryN7wEjRWeJqwAAAAMBoxhcU-jS3-ueExsKOqFWRB8CTHmNCCfoHTWbsxO_Wv3mGd0EIw';
  expect(issued()).toBe(mailed);
  expect(links.verify(mailed, 'verify_email')).toEqual(content);
});

it('ends at its time, to the millisecond', () => {
  const token = issued();
  now += 999;
  expect(links.verify(token, 'verify_email')).toEqual(content);
  now += 1;
  expect(links.verify(token, 'verify_email')).toBeUndefined();
});

it('does nothing for another purpose', () => {
  const purposes: LinkPurpose[] = ['verify_email', 'undo_email_change'];
  for (const purpose of purposes) {
    const token = links.issue({ ...content, purpose, expiresAt: now + 1_000 });
    expect(purposes.filter((other) => links.verify(token, other) !== undefined)).toEqual([purpose]);
  }
});

it('cannot be changed anywhere, nor spelled in another way', () => {
  const token = issued();
  const bytes = Buffer.from(token.slice(4), 'base64url');
  for (let place = 0; place < bytes.length; place += 1) {
    const changed = Buffer.from(bytes);
    changed.writeUInt8(changed.readUInt8(place) ^ 1, place);
    expect(links.verify(`tgl_${changed.toString('base64url')}`, 'verify_email')).toBeUndefined();
  }
  for (const other of [`${token}=`, token.slice(4), `${token}A`, '']) {
    expect(links.verify(other, 'verify_email')).toBeUndefined();
  }
});

it('survives a change of keys while the old one is listed', () => {
  const old = issued(linksWith(OLD));
  expect(linksWith(NEW, OLD).verify(old, 'verify_email')).toEqual(content);
  expect(linksWith(NEW).verify(old, 'verify_email')).toBeUndefined();
  expect(linksWith(NEW).verify(issued(linksWith(NEW, OLD)), 'verify_email')).toEqual(content);
});

it('is not issued for what is no user, version or time', () => {
  const link = { ...content, purpose: 'verify_email', expiresAt: now } as const;
  expect(() => links.issue({ ...link, subjectId: 'anna' })).toThrow(TypeError);
  expect(() => links.issue({ ...link, version: -1 })).toThrow(RangeError);
  expect(() => links.issue({ ...link, expiresAt: Number.NaN })).toThrow(RangeError);
});
