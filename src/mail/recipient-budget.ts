import type { Charge, Limiter } from '../limits/limiter';
import type { MailKind } from '../stores/outbox/outbox-store';
import type { MailBudget } from './recipients';

/** Mails per recipient over all sources, as the policy `mail` bounds them. */
export class RecipientBudget implements MailBudget {
  readonly #limiter: Pick<Limiter, 'explain' | 'take' | 'giveBack'>;

  constructor(limiter: Pick<Limiter, 'explain' | 'take' | 'giveBack'>) {
    this.#limiter = limiter;
  }

  async take(email: string, kind: MailKind): Promise<(() => Promise<void>) | undefined> {
    const charge: Charge = { policy: 'mail', parts: [email] };
    // A mail without a code helps nobody in. Could it use up the budget, strangers who register with the owner's address
    // would hold back each code that the owner asks for: half of it is for codes alone.
    const [state] = kind === 'ALREADY_REGISTERED' ? await this.#limiter.explain([charge]) : [];
    const spared = state === undefined ? 0 : Math.floor(state.capacity / 2);
    if (state !== undefined && state.remaining <= spared) return undefined;
    const { allowed, levels } = await this.#limiter.take([charge]);
    const taken = levels.filter((level) => level.taken);
    const giveBack = () => this.#limiter.giveBack(taken);
    if (!allowed) return undefined;
    if (levels.every(({ remaining }) => remaining >= spared)) return giveBack;
    // Others have taken since it was looked at.
    await giveBack();
    return undefined;
  }
}
