import type { Answer, Call } from '../http/endpoint';
import { type html, type linkQuery, pageAnswer } from '../http/page';
import type { Services } from '../services';

/** Shows what the link can do. Consumes nothing: mail scanners and previews open links. */
export async function showVerifyEmail(
  { linkTokens, accounts }: Pick<Services, 'linkTokens' | 'accounts'>,
  { query }: Call<undefined, typeof linkQuery>,
): Promise<Answer<typeof html>> {
  const link = linkTokens.verify(query.token ?? '', 'verify_email');
  const account = link && (await accounts.find(link.subjectId));
  if (account === undefined || account.emailVerified || account.credentialVersion !== link?.version) {
    return brokenLink();
  }
  return pageAnswer({
    title: 'Confirm your e-mail address',
    paragraphs: [
      'Press the button to confirm that this address is yours. Your account can be used from then on.',
    ],
    button: 'Confirm my address',
  });
}

/** Proves the address of exactly the registration that the link was made for. */
export async function verifyEmailByLink(
  { linkTokens, accounts, metrics }: Pick<Services, 'linkTokens' | 'accounts' | 'metrics'>,
  { query, origin }: Call<undefined, typeof linkQuery>,
): Promise<Answer<typeof html>> {
  const link = linkTokens.verify(query.token ?? '', 'verify_email');
  if (
    link === undefined ||
    (await accounts.verifyEmail(link.subjectId, link.version, origin)) !== 'verified'
  ) {
    return brokenLink();
  }
  metrics.auth.countStage('verified');
  return pageAnswer({
    title: 'Your e-mail address is confirmed',
    paragraphs: ['You can log in now. This page may be closed.'],
  });
}

function brokenLink(): Answer<typeof html> {
  return pageAnswer(
    {
      title: 'This link does not work any more',
      paragraphs: [
        'It was used before, it is older than 24 hours, or a newer registration has replaced it.',
        'If you have confirmed your address already, just log in. Otherwise ask for a new code where you signed up.',
      ],
    },
    'validation_failed',
  );
}
