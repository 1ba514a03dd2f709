import { type Check, fail, judge, notApplicable, notChecked, type Outcome, pass, warn } from '../check';
import type { Facts } from '../facts';
import type { Certificate } from '../instance/http-call';

const DAY_MS = 86_400_000;

function ofCertificate({ instance }: Facts, judgement: (certificate: Certificate) => Outcome): Outcome {
  return judge(instance, ({ certificate }) =>
    certificate === undefined ? notApplicable('asked over http') : judgement(certificate),
  );
}

export const tlsChecks: readonly Check[] = [
  {
    id: 'V12.1.1',
    level: 1,
    must: true,
    title: 'TLS 1.2 or newer alone is spoken',
    run(facts) {
      return ofCertificate(facts, ({ protocol }) => {
        const oldTls = facts.instance.seen ? facts.instance.value.oldTls : undefined;
        if (!/^TLSv1\.[23]$/.test(protocol)) return fail(`${protocol} was agreed on`);
        if (oldTls === undefined)
          return notChecked(`${protocol} was agreed on; whether older ones are, it did not say`);
        return oldTls ? fail('TLS 1.0 or 1.1 is accepted too') : pass(`${protocol}; 1.0 and 1.1 are refused`);
      });
    },
  },
  {
    id: 'V12.2.2',
    level: 1,
    must: true,
    productionOnly: true,
    title: 'The certificate is trusted, and lasts',
    run(facts) {
      return ofCertificate(facts, ({ trusted, validUntil }) => {
        const days = Math.floor((validUntil - facts.now) / DAY_MS);
        if (!(days >= 0)) return fail('it has expired');
        if (!trusted) return fail('no authority that is trusted here vouches for it');
        return days < 14 ? warn(`it expires in ${days} days`) : pass(`for ${days} days`);
      });
    },
  },
];
