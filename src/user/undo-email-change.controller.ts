import type { Answer, Call } from '../http/endpoint';
import { type html, type linkQuery, pageAnswer } from '../http/page';
import type { Services } from '../services';
import { canBeUndone, type EmailChange } from '../stores/email-change/email-change-store';

type LinkServices = Pick<Services, 'linkTokens' | 'emailChanges' | 'clock'>;

/** Shows what the link can do. Changes nothing: mail scanners and previews open links. */
export async function showUndoEmailChange(
  services: LinkServices,
  { query }: Call<undefined, typeof linkQuery>,
): Promise<Answer<typeof html>> {
  if ((await changeOfLink(services, query.token)) === undefined) return brokenLink();
  return pageAnswer({
    title: 'Undo the change of e-mail',
    paragraphs: [
      'If you did not ask for another e-mail address, somebody else knows your password.',
      'Press the button: your account has the address of that mail again, its password works no more, everybody is signed out, and we mail you a code to choose a new password.',
    ],
    button: 'Undo the change',
  });
}

/** Gives the account back to whoever reads the old address, with everybody else shut out. */
export async function undoEmailChange(
  services: LinkServices & Pick<Services, 'sessions' | 'outbox'>,
  { query, origin }: Call<undefined, typeof linkQuery>,
): Promise<Answer<typeof html>> {
  const { emailChanges, sessions, outbox } = services;
  const change = await changeOfLink(services, query.token);
  if (change === undefined) return brokenLink();
  // A store that is away prevents it, and the link stays good.
  const { outcome } = await sessions.endingAll(change.userId, async () => {
    const undone = await emailChanges.undo(change, origin);
    return undone.outcome === 'undone' ? undone : { ...undone, endedSessions: [] };
  });
  if (outcome === 'void') return brokenLink();
  outbox.wake();
  return pageAnswer({
    title: 'The change was undone',
    paragraphs: [
      'Your account has the address of that mail. Its old password works no more, and everybody was signed out.',
      'A mail with a code to choose a new password is on its way to you. Should it not come, or come too late, ask for another one where you sign in.',
    ],
  });
}

/** The change that the link was made for, while it can be undone. */
async function changeOfLink(
  { linkTokens, emailChanges, clock }: LinkServices,
  token = '',
): Promise<EmailChange | undefined> {
  const link = linkTokens.verify(token, 'undo_email_change');
  const change = link && (await emailChanges.find(link.subjectId));
  return change && canBeUndone(change, clock.now()) ? change : undefined;
}

function brokenLink(): Answer<typeof html> {
  return pageAnswer(
    {
      title: 'This link does not work any more',
      paragraphs: [
        'It was used before, it is older than 72 hours, or the change was undone by the link of an earlier mail.',
        'If the change was undone, your account has its earlier address: ask for a new password there, where you sign in. If somebody else has your account, tell those who run this service.',
      ],
    },
    'validation_failed',
  );
}
