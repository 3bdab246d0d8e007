import { callHook } from "./call-hook.ts";
import type { SignInOptions } from "./sign-in-options.ts";
import type { RoomError } from "./types.ts";
import { ASK_AGAIN_MS } from "./times.ts";

/** Refusals that another credential may mend. */
const CREDENTIAL_CODE = /^(unauthenticated|session_(invalid|expired|revoked))$/;

/** What the client knows of its credential. */
export class SignIn {
  readonly #options: SignInOptions;
  /** A token by which the service renewed the session itself (SPEC T5). */
  #renewed: string | undefined;
  /** What the last connect signed in with, where that was a ticket. */
  #ticket: string | undefined;
  /** To send over the socket of the last connect, where that was opened for one. */
  token: string | undefined;
  /** Whether the app was asked already since the room last took a credential. */
  #asked = false;
  #askedAt = -Infinity;

  constructor(options: SignInOptions) {
    this.#options = options;
  }

  /** Adds to a room's URL what the next connect signs in with. */
  async apply(url: URL): Promise<void> {
    // Before the socket is opened, where the room waits for a token 10 s only (SPEC T2).
    [this.#ticket, this.token] = await this.#ask();
    this.applyAgain(url);
    if (this.token) url.searchParams.set("auth", "message");
  }

  /** Adds to a room's URL what the last connect signed in with, to ask why that was refused. */
  applyAgain(url: URL): void {
    if (this.#ticket) url.searchParams.set("ticket", this.#ticket);
  }

  /** Adds to a URL what a request over HTTP signs in with, or answers it as headers. */
  async authorize(url: URL): Promise<Record<string, string>> {
    const [ticket, token] = await this.#ask();
    if (ticket) url.searchParams.set("ticket", ticket);
    return token ? { Authorization: `Bearer ${token}` } : {};
  }

  /** Whether the answer to that is why the connect was refused, too. */
  explains({ code }: RoomError): boolean {
    // A ticket is good for no reading, but a bad one is told from a good one.
    if (this.#ticket) return code !== "unauthenticated";
    // A token is judged over the socket once that is open; the inquiry comes without it.
    if (this.token) return !CREDENTIAL_CODE.test(code) && code !== "room_forbidden";
    return true;
  }

  /** A newer token than the one in use, before its session ends, where the app gives one. */
  newerToken(): Promise<string | undefined> {
    return callHook(this.#options, "getToken");
  }

  renewed(token: string): void {
    this.#renewed = token;
  }

  /** The room has taken the credential. */
  accepted(): void {
    this.#asked = false;
  }

  /** Whether there may be another credential than the browser's cookie. */
  get canRecover(): boolean {
    const { getToken, getTicket, onUnauthorized } = this.#options;
    return Boolean(this.#renewed ?? getToken ?? getTicket ?? onUnauthorized);
  }

  /** The room has refused it: asks the app, once, whether there is a better one. */
  async recover(error: RoomError): Promise<boolean> {
    if (!CREDENTIAL_CODE.test(error.code)) return false;
    if (this.#renewed) {
      // The service's own token came to its end; the app's credential may be good still.
      this.#renewed = undefined;
      return true;
    }
    if (this.#asked || Date.now() < this.#askedAt + ASK_AGAIN_MS) return false;
    const helps = this.#options.onUnauthorized
      ? await callHook(this.#options, "onUnauthorized", error)
      : this.canRecover;
    this.#asked = true;
    this.#askedAt = Date.now();
    return Boolean(helps);
  }

  /** A ticket, or else a token, where the app gives one. */
  async #ask(): Promise<[ticket: string | undefined, token: string | undefined]> {
    const ticket = await callHook<string>(this.#options, "getTicket");
    return [ticket, ticket ? undefined : (this.#renewed ?? (await this.newerToken()))];
  }
}
