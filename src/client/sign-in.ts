import { callHook } from "./call-hook.ts";
import type { SignInOptions } from "./sign-in-options.ts";
import type { RoomError } from "./types.ts";
import { ASK_AGAIN_MS } from "./times.ts";

/** Refusals that another credential may resolve. */
const CREDENTIAL_CODE = /^(unauthenticated|session_(invalid|expired|revoked))$/;

/** The client's credential. */
export class SignIn {
  readonly #options: SignInOptions;
  /** The token of a session that the service renewed (SPEC T5). */
  #renewed: string | undefined;
  /** The ticket of the last connect, if it used one. */
  #ticket: string | undefined;
  /** The token to send over the socket of the last connect, if it was opened for one. */
  token: string | undefined;
  /** Whether the app was asked already since the room last accepted a credential. */
  #asked = false;
  #askedAt = -Infinity;

  constructor(options: SignInOptions) {
    this.#options = options;
  }

  /** Adds the credential of the next connect to a room's URL. */
  async apply(url: URL): Promise<void> {
    // Before the socket is opened, since the service then waits only 10 s for a token (SPEC T2).
    [this.#ticket, this.token] = await this.#ask();
    this.applyAgain(url);
    if (this.token) url.searchParams.set("auth", "message");
  }

  /** Adds the credential of the last connect to a room's URL, to ask why it was refused. */
  applyAgain(url: URL): void {
    if (this.#ticket) url.searchParams.set("ticket", this.#ticket);
  }

  /** Adds the credential of an HTTP request to a URL, or returns it as headers. */
  async authorize(url: URL): Promise<Record<string, string>> {
    const [ticket, token] = await this.#ask();
    if (ticket) url.searchParams.set("ticket", ticket);
    return token ? { Authorization: `Bearer ${token}` } : {};
  }

  /** Whether this answer also explains why the connection was refused. */
  explains({ code }: RoomError): boolean {
    // Tickets cannot read, but the answer to a bad ticket differs from that to a good one.
    if (this.#ticket) return code !== "unauthenticated";
    // A token is checked over the open socket; this request is sent without it.
    if (this.token) return !CREDENTIAL_CODE.test(code) && code !== "room_forbidden";
    return true;
  }

  /** A newer token than the one in use, before its session ends, if the app has one. */
  newerToken(): Promise<string | undefined> {
    return callHook(this.#options, "getToken");
  }

  /** The session was renewed, for a client that has a token by a newer one. */
  renewed(token = this.#renewed): void {
    this.#renewed = token;
  }

  /** The room has accepted the credential. */
  accepted(): void {
    this.#asked = false;
  }

  /** Whether there may be a credential other than the browser's cookie. */
  get canRecover(): boolean {
    const { getToken, getTicket, onUnauthorized } = this.#options;
    return Boolean(this.#renewed ?? getToken ?? getTicket ?? onUnauthorized);
  }

  /** The room has refused the credential: asks the app, once, for a better one. */
  async recover(error: RoomError): Promise<unknown> {
    if (!CREDENTIAL_CODE.test(error.code)) return false;
    if (this.#renewed) {
      // The service's own token has expired; the app's credential may still be valid.
      this.#renewed = undefined;
      return true;
    }
    if (this.#asked || Date.now() < this.#askedAt + ASK_AGAIN_MS) return false;
    const helps = this.#options.onUnauthorized
      ? await callHook(this.#options, "onUnauthorized", error)
      : this.canRecover;
    this.#asked = true;
    this.#askedAt = Date.now();
    return helps;
  }

  /** A ticket, otherwise a token, if the app has one. */
  async #ask(): Promise<[ticket: string | undefined, token: string | undefined]> {
    const ticket = await callHook<string>(this.#options, "getTicket");
    return [ticket, ticket ? undefined : (this.#renewed ?? (await this.newerToken()))];
  }
}
