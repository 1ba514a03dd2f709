import { randomBytes } from 'node:crypto';
import { AuditSeal, NOBODY, type SealedContent } from './audit-seal';

const [key, other] = [randomBytes(32), randomBytes(32)];
const seal = new AuditSeal([key]);
const event: SealedContent = {
  id: '0190b0a4-0000-7000-8000-000000000000',
  at: new Date(1_800_000_000_000),
  type: 'authz_fail',
  outcome: 'failure',
  actorId: '0190b0a4-0000-7000-8000-000000000001',
  subjectId: null,
  address: Buffer.from('address'),
  requestId: 'request-1',
  details: '{}',
};

describe('the MAC of an event', () => {
  it('fits what was written', () => {
    expect(seal.holds(seal.keyId, event, seal.mac(event))).toBe(true);
  });

  it.each([
    ['id', '0190b0a4-0000-7000-8000-000000000009'],
    ['at', new Date(1_800_000_000_001)],
    ['type', 'authz_admin'],
    ['outcome', 'success'],
    ['actorId', null],
    ['subjectId', '0190b0a4-0000-7000-8000-000000000001'],
    ['address', null],
    ['address', Buffer.from('addresses')],
    ['requestId', 'request-2'],
    ['details', '{ }'],
  ])('does not fit another %s', (member, value) => {
    expect(seal.holds(seal.keyId, { ...event, [member]: value }, seal.mac(event))).toBe(false);
  });

  it('does not fit values that have changed places', () => {
    const { actorId, subjectId } = event;
    const swapped = { ...event, actorId: subjectId, subjectId: actorId };
    expect(seal.holds(seal.keyId, swapped, seal.mac(event))).toBe(false);
  });

  it('is not cut, and is of this kind', () => {
    expect(seal.holds(seal.keyId, event, seal.mac(event).subarray(0, 16))).toBe(false);
    expect(seal.holds(seal.keyId, event, seal.sign('mark', ['x']))).toBe(false);
    expect(seal.verify('mark', seal.keyId, ['x'], seal.sign('link', ['x']))).toBe(false);
  });

  it('is checked by the key that it names, and by none where that is not listed', () => {
    const old = new AuditSeal([other]);
    const both = new AuditSeal([key, other]);
    expect(both.keyIds).toEqual([seal.keyId, old.keyId]);
    expect(both.holds(old.keyId, event, old.mac(event))).toBe(true);
    expect(both.holds(seal.keyId, event, old.mac(event))).toBe(false);
    expect(seal.holds(old.keyId, event, old.mac(event))).toBeUndefined();
  });

  it('needs a key', () => {
    expect(() => new AuditSeal([])).toThrow(RangeError);
  });
});

describe('a signature under a named key', () => {
  const old = new AuditSeal([other]);
  const both = new AuditSeal([key, other]);

  it('is made with it where it is listed, else with the first', () => {
    expect(both.signUnder(old.keyId, 'link', ['x'])).toEqual(old.sign('link', ['x']));
    expect(both.signUnder('none', 'link', ['x'])).toEqual(seal.sign('link', ['x']));
  });

  it('holds under any that is listed', () => {
    const made = old.sign('link', ['x']);
    expect(both.verifyUnder(seal.keyId, 'link', ['x'], made)).toBe(true);
    expect(both.verifyUnder('none', 'link', ['x'], made)).toBe(true);
    expect(both.verifyUnder('none', 'link', ['y'], made)).toBeUndefined();
    expect(both.verifyUnder(seal.keyId, 'link', ['y'], made)).toBe(false);
  });
});

describe('an address', () => {
  const userKey = randomBytes(32);
  const addressKey = seal.addressKey(userKey);

  it('is read with the key it was encrypted under, and with no other', () => {
    const encrypted = seal.encrypt('2001:db8::/64', addressKey);
    expect(encrypted.toString('latin1')).not.toContain('2001');
    expect(seal.decrypt(encrypted, addressKey)).toBe('2001:db8::/64');
    expect(seal.decrypt(encrypted, seal.addressKey(randomBytes(32)))).toBeUndefined();
    expect(seal.decrypt(encrypted, seal.addressKey(NOBODY))).toBeUndefined();
    // The user's key from the database is nothing without the service's.
    expect(seal.decrypt(encrypted, new AuditSeal([other]).addressKey(userKey))).toBeUndefined();
  });

  it('is not read once it was changed or cut', () => {
    const encrypted = seal.encrypt('198.18.0.1', addressKey);
    for (let at = 0; at < encrypted.length; at += 1) {
      const changed = Buffer.from(encrypted);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(seal.decrypt(changed, addressKey)).toBeUndefined();
      expect(seal.decrypt(encrypted.subarray(0, at), addressKey)).toBeUndefined();
    }
  });

  it('does not look the same twice, but for its digest', () => {
    expect(seal.encrypt('198.18.0.1', addressKey)).not.toEqual(seal.encrypt('198.18.0.1', addressKey));
    expect(seal.digest('198.18.0.1')).toBe(seal.digest('198.18.0.1'));
    expect(seal.digest('198.18.0.1')).not.toBe(new AuditSeal([other]).digest('198.18.0.1'));
  });

  it('has no key under one that is not listed', () => {
    expect(seal.addressKey(userKey, new AuditSeal([other]).keyId)).toBeUndefined();
  });
});
