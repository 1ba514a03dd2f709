import type { Clock } from '../clock';
import type { Account, AccountStore } from '../stores/account/account-store';
import {
  canBeUndone,
  type EmailChange,
  type EmailChangeStore,
} from '../stores/email-change/email-change-store';
import type { OutboxMail } from '../stores/outbox/outbox-store';
import type { Recipient, Recipients } from './recipients';

export interface AccountRecipientsOptions {
  readonly accounts: Pick<AccountStore, 'find' | 'findByEmail'>;
  readonly emailChanges: Pick<EmailChangeStore, 'find' | 'findPending' | 'isTaken'>;
  readonly clock: Clock;
}

/** Whom mails are for, as the accounts and the changes of e-mail stand when they go out. */
export class AccountRecipients implements Recipients {
  readonly #options: AccountRecipientsOptions;

  constructor(options: AccountRecipientsOptions) {
    this.#options = options;
  }

  async find(mail: OutboxMail): Promise<Recipient | undefined> {
    const { accounts, emailChanges } = this.#options;
    const { emailChangeId, kind, email } = mail;
    const change = emailChangeId === null ? undefined : await emailChanges.find(emailChangeId);
    switch (kind) {
      case 'EMAIL_CHANGE_CODE':
        return change && (await this.#askedForCode(mail, change));
      case 'EMAIL_CHANGE_NOTICE':
        return change && (await this.#warned(change));
      case 'EMAIL_CHANGE_UNDONE':
        return change && (await this.#told(email, change));
      default: {
        const account = await accounts.findByEmail(email);
        // Whoever asked for the change and has the address by now need not hear that somebody has it.
        const own = kind === 'ALREADY_REGISTERED' && account?.id === change?.userId;
        return account === undefined || own ? undefined : recipientOf(account, account.email);
      }
    }
  }

  /** The user of the change, at the new address, if a code for it would be good. */
  async #askedForCode(mail: OutboxMail, change: EmailChange): Promise<Recipient | undefined> {
    const { accounts, emailChanges } = this.#options;
    const { userId, toEmail } = change;
    const [account, pending] = await Promise.all([accounts.find(userId), emailChanges.findPending(userId)]);
    const good = account?.credentialVersion === mail.credentialVersion && pending?.id === change.id;
    if (!good || account.disabled) return undefined;
    return { ...recipientOf(account, toEmail), taken: await emailChanges.isTaken(toEmail, userId) };
  }

  /** The user of the change, at the old address, while it can be undone. */
  async #warned(change: EmailChange): Promise<Recipient | undefined> {
    const { accounts, clock } = this.#options;
    const account = await accounts.find(change.userId);
    if (account === undefined || !canBeUndone(change, clock.now())) return undefined;
    return { ...recipientOf(account, change.fromEmail), undoUntil: change.undoUntil };
  }

  /** The user of the change, at whichever of its two addresses the mail was written for. */
  async #told(email: string, { userId, fromEmail, toEmail }: EmailChange): Promise<Recipient | undefined> {
    if (email !== fromEmail && email !== toEmail) return undefined;
    const account = await this.#options.accounts.find(userId);
    return account && recipientOf(account, email);
  }
}

function recipientOf(account: Account, email: string): Recipient {
  const { id: userId, credentialVersion, role, disabled, emailVerified } = account;
  return { userId, email, credentialVersion, role, disabled, pending: !emailVerified };
}
