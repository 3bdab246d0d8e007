import { BAD_MESSAGE, FORBIDDEN, RATE_LIMITED, SESSION, STALE } from "../protocol/close-codes.ts";
import type { ClientFrame, ServerFrame } from "../protocol/messages.ts";
import { backoffMs } from "./backoff.ts";
import type { ConnectionOptions } from "./options.ts";
import { watchPage } from "./page.ts";
import { LONGEST_MS, Pause } from "./pause.ts";
import { Polling, type PollingOwner } from "./polling.ts";
import { askWhyRefused, errorOf, type Refusal } from "./refusal.ts";
import { Socket, type SocketEnd } from "./socket.ts";
import type { RoomError } from "./types.ts";
import { warn } from "./warn.ts";
import { BLOCKED_AFTER, LASTED_MS, MOST_BACKOFF_MS } from "./times.ts";

/** The connection's owner. */
export interface Owner extends PollingOwner {
  readonly options: ConnectionOptions;
  /** Aborted at the end, before {@link Connector.stop}. */
  readonly over: AbortController;
  /** The URL for the next connect; the sign-in adds to it. */
  nextUrl(): URL;
  onFrame(frame: ServerFrame): void;
  /** The room refuses the client for now, or a request of it (400). */
  onRefusal(refusal: Refusal): void;
  /** The room is closed to this client: stop. */
  onClosed(error: RoomError | null): void;
}

/**
 * Keeps a connection to the room: opens one socket after another, waits as long as the last one's end
 * requires, and polls if no socket gets through.
 */
export class Connector {
  readonly #owner: Owner;
  readonly #polling: Polling;
  readonly #pause = new Pause();
  #socket: Socket | null = null;
  /** When the room's state came over the socket; `undefined` if it has not. */
  #acceptedAt: number | undefined;
  /** Attempts since a connection last worked. */
  #attempts = 0;
  /** Consecutive attempts on which no message arrived although a `GET` was answered. */
  #unanswered = 0;
  /** Why the room refused the client, until the app was asked for a better credential. */
  #refused: RoomError | null = null;
  /** While the page is in the browser's back and forward cache. */
  #isAway = false;

  constructor(owner: Owner) {
    this.#owner = owner;
    this.#polling = new Polling(owner, (refusal) => this.#takeRefusal(refusal));
  }

  /** Opens the first socket. */
  start(): void {
    watchPage(
      // Waits no longer than necessary, and tests a socket that may be dead.
      () => {
        this.#pause.hurry();
        this.#socket?.check();
        this.poll();
      },
      // Keeps the place for the grace period (SPEC L4).
      () => {
        this.#isAway = true;
        this.#socket?.drop();
        this.#polling.abandon();
        this.#owner.onLost();
      },
      () => {
        this.#isAway = false;
        this.#pause.end();
      },
      this.#owner.over.signal,
    );
    void this.#run();
  }

  send(frame: ClientFrame): void {
    this.#socket?.send(frame);
  }

  /** Polls at once to send what is waiting, if there is no socket. */
  poll(): void {
    this.#polling.hurry();
  }

  /** The room's state has come over the socket. */
  accepted(): void {
    this.#acceptedAt = Date.now();
    this.#polling.stop();
  }

  /** Ends the socket or the lease, and starts no other. */
  stop(): void {
    this.#socket?.leave();
    this.#socket = null;
    this.#polling.stop();
    this.#pause.end();
  }

  get #isOver(): boolean {
    return this.#owner.over.signal.aborted;
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      try {
        await this.#attempt();
      } catch (error) {
        // A hook of the app's failed, which is not a refusal; or the browser cannot open this socket.
        warn((error as Error).message, "socket");
        await this.#backOff();
      }
    }
  }

  async #attempt(): Promise<void> {
    const { signIn } = this.#owner;
    if (this.#refused) await this.#recover(this.#refused);
    while (this.#isAway && !this.#isOver) await this.#pause.wait(LONGEST_MS);
    if (this.#isOver) return;
    const url = this.#owner.nextUrl();
    url.protocol = url.protocol.replace("http", "ws");
    await signIn.apply(url);
    if (this.#isOver || this.#isAway) return;
    const end = await this.#connect(url);
    if (!this.#isAway) await this.#waitAfter(end);
  }

  /** Opens a socket, and waits until another is needed. */
  #connect(url: URL): Promise<SocketEnd> {
    const owner = this.#owner;
    this.#acceptedAt = undefined;
    return new Promise((resolve) => {
      const onEnd = (end: SocketEnd) => {
        this.#socket = null;
        const { code } = end;
        // Proxies close with 1000 too, but for another reason.
        if (end.reason === "left") return owner.onClosed(null);
        if (code === BAD_MESSAGE || code === FORBIDDEN) return owner.onClosed(whyClosed(end));
        if (this.#acceptedAt) owner.onLost();
        resolve(end);
      };
      this.#socket = new Socket(
        url,
        (owner.options.WebSocket ?? WebSocket) as typeof WebSocket,
        (frame) => owner.onFrame(frame),
        onEnd,
      );
    });
  }

  async #waitAfter(end: SocketEnd): Promise<void> {
    const { code } = end;
    if (Date.now() - this.#acceptedAt! >= LASTED_MS) this.#attempts = 0;
    if (code === STALE) return;
    if (!end.wasTold) return this.#inquire();
    this.#unanswered = 0;
    if (code === RATE_LIMITED) this.#pause.atLeast(MOST_BACKOFF_MS);
    if (code === SESSION) {
      if (this.#owner.signIn.canRecover) this.#refused = whyClosed(end);
      // The browser may have another cookie by now: the next connect shows it (SPEC K14).
      if (this.#refused || this.#attempts === 0) return void this.#attempts++;
    }
    await this.#backOff();
  }

  /** After an attempt without any message: it was refused, or lost on the way. */
  async #inquire(): Promise<void> {
    const { signIn } = this.#owner;
    // At once: later, another server might answer.
    const url = this.#owner.nextUrl();
    signIn.applyAgain(url);
    const refusal = await Promise.race([
      askWhyRefused(url, this.#owner),
      this.#pause.wait(MOST_BACKOFF_MS),
    ]);
    if (refusal === true || this.#isOver || this.#isAway) return;
    // Up to 404 a retry does not help: it needs another credential or another room.
    if (refusal && refusal.status > 404) {
      this.#unanswered = 0;
      this.#takeRefusal(refusal);
    } else if (refusal && signIn.explains(refusal)) this.#refused = errorOf(refusal);
    // If a read is not answered either, the network or the service is down.
    else if (refusal !== undefined && ++this.#unanswered >= BLOCKED_AFTER) {
      warn("No WebSocket: polling.", signIn.token ? "token" : "");
      this.#polling.start();
    }
    if (!this.#refused) await this.#backOff();
  }

  #takeRefusal(refusal: Refusal): void {
    const { status, retryAfterMs } = refusal;
    this.#pause.atLeast(retryAfterMs);
    if (status !== 401 && status !== 403) return this.#owner.onRefusal(refusal);
    this.#refused = errorOf(refusal);
    this.#polling.stop();
    this.#owner.onLost();
    this.#pause.end();
  }

  #backOff(): Promise<unknown> {
    return this.#pause.wait(backoffMs(this.#attempts++, Math.random()));
  }

  /** Asks the app for a better credential; without one, the client stays away. */
  async #recover(error: RoomError): Promise<void> {
    const helps = await this.#owner.signIn.recover(error);
    this.#refused = null;
    if (!helps && !this.#isOver) this.#owner.onClosed(error);
  }
}

function whyClosed({ reason }: SocketEnd): RoomError {
  return errorOf({ code: reason, message: "Closed by the room." });
}
