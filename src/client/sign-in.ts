import type { RoomError } from "./types.ts";

/** How an app helps its client to a credential, where the browser does not send a cookie that is good. */
export interface SignInOptions {
  /** Gives a token for the socket itself (SPEC T2), at each connect and before a session ends. */
  getToken?: () => string | Promise<string>;
  /** Gives a ticket for each connect (SPEC T1). */
  getTicket?: () => string | Promise<string>;
  /** Asked once where the room does not take the credential: `true` once a better one is there. */
  onUnauthorized?: (error: RoomError) => boolean | Promise<boolean>;
}

/** What the client knows of its credential. */
export class SignIn {
  readonly #options: SignInOptions;
  /** A token by which the service renewed the session itself (SPEC T5). */
  #renewed: string | null = null;
  /** Whether the app was asked already since the room last took a credential. */
  #asked = false;

  constructor(options: SignInOptions) {
    this.#options = options;
  }

  /** Adds to a room's URL what the next connect signs in with. */
  async apply(url: URL): Promise<void> {
    const { getTicket } = this.#options;
    if (getTicket) url.searchParams.set("ticket", await getTicket());
    else if (this.#hasToken) url.searchParams.set("auth", "message");
  }

  /** The token to send over the socket; `null` where there is none. */
  async token(): Promise<string | null> {
    return this.#renewed ?? (await this.#options.getToken?.()) ?? null;
  }

  /** A newer token than the one in use, before its session ends; `null` where the app gives none. */
  async newerToken(): Promise<string | null> {
    return (await this.#options.getToken?.()) ?? null;
  }

  renewed(token: string): void {
    this.#renewed = token;
  }

  /** The room has taken the credential. */
  accepted(): void {
    this.#asked = false;
  }

  /** The room has refused it: asks the app, once, whether there is a better one. */
  async recover(error: RoomError): Promise<boolean> {
    const { getToken, getTicket, onUnauthorized } = this.#options;
    if (this.#asked) return false;
    this.#asked = true;
    this.#renewed = null;
    if (onUnauthorized) return onUnauthorized(error);
    return getToken !== undefined || getTicket !== undefined;
  }

  get #hasToken(): boolean {
    return this.#renewed !== null || this.#options.getToken !== undefined;
  }
}
