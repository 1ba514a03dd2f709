import { KeptRefreshToken, type TokenStorage } from './kept-refresh-token.js';
import { oneTabAtATime } from './one-tab-at-a-time.js';
import type { Answer, SessionCalls, Tokens, User } from './session-calls.js';

/** Why nobody is signed in here any more: the service's word, or what other tabs did. */
export type SignedOutReason =
  | 'invalid_refresh_token'
  | 'refresh_token_reused'
  | 'signed_out_elsewhere'
  | 'other_user';

/** The access token that a call goes out with, and the login that it belongs to. */
export interface Ticket {
  readonly accessToken: string | undefined;
  readonly login: number;
  /** How many refreshes had ended when it went out: one that ended since is its refresh too. */
  readonly round: number;
}

/** What a call does next: goes out (once more) with this, or ends as the refresh did. */
export type Renewal = { readonly ticket: Ticket } | { readonly answer: Answer<never> } | undefined;

export interface SessionOptions {
  readonly calls: SessionCalls;
  readonly storage: TokenStorage | undefined;
  readonly storageKey: string;
  readonly onSignedOut: (reason: SignedOutReason) => void;
}

interface Access {
  readonly token: string;
  /** By `performance.now()`, which no change of the clock moves. */
  readonly renewAt: number;
  readonly expiresAt: number;
}

/** Undefined where there was nothing to refresh with. */
type Refreshed = Answer<Tokens> | undefined;

/** Renewed this long before it expires: milliseconds, or that share of its life if that is less. */
const LEEWAY_MS = 10_000;
const LEEWAY_SHARE = 0.1;

/** The tokens of one login, and the one refresh that is under way at a time. */
export class Session {
  readonly #options: SessionOptions;
  readonly #kept: KeptRefreshToken;
  #access: Access | undefined;
  #user: User | undefined;
  /** Raised whenever who is signed in may be another: what belongs to an earlier login is not repeated or kept. */
  #login = 0;
  /** A cookie cannot be seen from here: it may be there until the service says that it is not. */
  #mayHaveCookie = true;
  #refreshing: Promise<Refreshed> | undefined;
  #ended: { readonly round: number; readonly refresh?: Promise<Refreshed> } = { round: 0 };

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#kept = new KeptRefreshToken(options.storage, options.storageKey);
  }

  get user(): User | undefined {
    return this.#user;
  }

  get refreshToken(): Promise<string | undefined> {
    return this.#kept.read();
  }

  /** A refresh under way ends first; what it ends in is told to whoever asked for it. */
  async settled(): Promise<void> {
    await this.#refreshing?.catch(() => {});
  }

  /** What a call goes out with: a token that holds for a while, if there can be one. Throws `NetworkError`. */
  async ticket(): Promise<Exclude<Renewal, undefined>> {
    const access = this.#access;
    if (access === undefined || performance.now() < access.renewAt) return { ticket: this.#ticket() };
    try {
      const renewed = await this.refresh();
      // While it holds, an outage of refreshes is no outage of calls.
      const holds = this.#access !== access || performance.now() < access.expiresAt;
      if (renewed?.error === undefined || holds) return { ticket: this.#ticket() };
      return { answer: renewed };
    } catch (error) {
      if (this.#access === access && performance.now() < access.expiresAt) return { ticket: this.#ticket() };
      throw error;
    }
  }

  /** The same for whoever gets no 401 to renew it by: after a reload the refresh comes first. */
  async usableTicket(): Promise<Exclude<Renewal, undefined>> {
    const found = await this.ticket();
    if ('answer' in found || found.ticket.accessToken !== undefined) return found;
    return (await this.renew(found.ticket)) ?? this.ticket();
  }

  /** After a 401 to a call with this ticket; undefined if that is the last word. Throws `NetworkError`. */
  async renew(used: Ticket): Promise<Renewal> {
    if (used.login !== this.#login) return undefined;
    // Another call was faster.
    if (used.accessToken !== this.#access?.token) return { ticket: this.#ticket() };
    if (this.#options.calls.byCookie && !this.#mayHaveCookie) return undefined;
    // One that failed while this call was out is not tried again for it: else each of many would.
    const { round, refresh } = this.#ended;
    const renewed = await (used.round < round && refresh !== undefined ? refresh : this.refresh());
    if (renewed === undefined) return undefined;
    if (renewed.error !== undefined) return renewed.response.status === 401 ? undefined : { answer: renewed };
    // A login meanwhile may be another user's: this call is not repeated in their name.
    return used.login === this.#login ? { ticket: this.#ticket() } : undefined;
  }

  /** Rotates the refresh token; whoever asks meanwhile gets the same answer. Throws `NetworkError`. */
  refresh(): Promise<Refreshed> {
    if (this.#refreshing !== undefined) return this.#refreshing;
    const { calls, storage, storageKey } = this.#options;
    // What is held in memory alone no other client refreshes, and in Node many users' clients share one origin.
    const isShared = calls.byCookie || storage !== undefined;
    const work = () => this.#refresh();
    const refresh = (isShared ? oneTabAtATime(storageKey, work) : work()).finally(() => {
      this.#refreshing = undefined;
      this.#ended = { round: this.#ended.round + 1, refresh };
    });
    this.#refreshing = refresh;
    return refresh;
  }

  async #refresh(): Promise<Refreshed> {
    const login = this.#login;
    const refreshToken = await this.#kept.read();
    if (refreshToken === undefined && !this.#options.calls.byCookie) {
      if (this.#user !== undefined) await this.#end('signed_out_elsewhere', login);
      return undefined;
    }
    const sentAt = performance.now();
    const answer = await this.#options.calls.refresh(refreshToken);
    if (answer.error === undefined) {
      if (login === this.#login) await this.#adoptRenewed(answer.data, sentAt);
    } else if (
      answer.error.code === 'invalid_refresh_token' ||
      answer.error.code === 'refresh_token_reused'
    ) {
      await this.#end(answer.error.code, login, refreshToken !== undefined);
    }
    return answer;
  }

  /** A login has succeeded, sent at this time of `performance.now()`. */
  async begin(tokens: Tokens, sentAt: number): Promise<void> {
    this.#login += 1;
    await this.#adopt(tokens, sentAt);
  }

  /** Nobody is signed in any more, by their own wish. */
  async forget(): Promise<void> {
    this.#login += 1;
    this.#access = undefined;
    this.#user = undefined;
    this.#mayHaveCookie = false;
    await this.#kept.clear();
  }

  async #adoptRenewed(tokens: Tokens, sentAt: number): Promise<void> {
    if (this.#user === undefined || this.#user.id === tokens.user.id) return this.#adopt(tokens, sentAt);
    // Another tab logged somebody else in: theirs is the token that is kept, and nothing is done here in their name.
    this.#login += 1;
    this.#access = undefined;
    this.#user = undefined;
    if (tokens.refreshToken !== undefined) await this.#kept.write(tokens.refreshToken);
    this.#options.onSignedOut('other_user');
  }

  async #adopt(tokens: Tokens, sentAt: number): Promise<void> {
    const life = tokens.expiresIn * 1_000;
    const expiresAt = sentAt + life;
    const renewAt = expiresAt - Math.min(LEEWAY_MS, life * LEEWAY_SHARE);
    this.#access = { token: tokens.accessToken, renewAt, expiresAt };
    this.#user = tokens.user;
    this.#mayHaveCookie = true;
    if (tokens.refreshToken !== undefined) await this.#kept.write(tokens.refreshToken);
  }

  /**
   * Tells it only where somebody was signed in, as a user or a refresh token shows: a cookie is asked for without knowing. One
   * that came again was there, and somebody else may have it.
   */
  async #end(reason: SignedOutReason, login: number, hadToken = false): Promise<void> {
    if (login !== this.#login) return;
    const wasSignedIn = hadToken || this.#user !== undefined || reason === 'refresh_token_reused';
    await this.forget();
    if (wasSignedIn) this.#options.onSignedOut(reason);
  }

  #ticket(): Ticket {
    return { accessToken: this.#access?.token, login: this.#login, round: this.#ended.round };
  }
}
