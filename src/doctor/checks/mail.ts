import { type Check, fail, notApplicable, pass } from '../check';

export const mailChecks: readonly Check[] = [
  {
    id: 'TG-13',
    level: null,
    must: false,
    title: 'The mail server lets us in',
    run({ filled, smtp }) {
      if (filled.has('SMTP_URL')) return notApplicable('the embedded inbox');
      if (!smtp.seen) return fail(smtp.reason);
      return pass(smtp.value.encrypted ? 'over TLS' : 'in the clear');
    },
  },
];
