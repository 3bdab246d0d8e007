import { afterClose, LEFT } from "../protocol/close-codes.ts";
import type { ClientFrame, ServerFrame } from "../protocol/messages.ts";
import { backoffMs } from "./backoff.ts";
import type { ConnectionOptions } from "./options.ts";
import { watchPage } from "./page.ts";
import { LONGEST_MS, Pause } from "./pause.ts";
import { Polling, type PollingOptions } from "./polling.ts";
import { askWhyRefused, errorOf, isFinal, type Refusal } from "./refusal.ts";
import { HANGS_AFTER_MS, Socket, type SocketEnd } from "./socket.ts";
import type { RoomError } from "./types.ts";

/** After so many attempts in a row that failed where a read does not, no socket may get through. */
const BLOCKED_AFTER = 2;

/** A connection that lasted so long worked: the next attempt is a first one again. */
const LASTED_MS = 5_000;

const WOKEN = "woken";

export interface ConnectorOptions extends Omit<PollingOptions, "onRefusal"> {
  WebSocket: ConnectionOptions["WebSocket"];
  /** Aborted where all is over, before {@link Connector.stop}. */
  signal: AbortSignal;
  /** What to connect to next; for the sign-in to add to. */
  nextUrl(): URL;
  onFrame(frame: ServerFrame): void;
  /** The room does not take the client for now, or what it said (400). */
  onRefusal(refusal: Refusal): void;
  /** The room is closed to this client: stop. */
  onClosed(error: RoomError | null): void;
}

/**
 * Keeps a way to the room: opens one socket after the other, waits as the last one's end demands,
 * and polls where none gets through.
 */
export class Connector {
  readonly #options: ConnectorOptions;
  readonly #polling: Polling;
  readonly #pause = new Pause();
  #socket: Socket | null = null;
  /** When the room's state came over the socket; `undefined` where it has not. */
  #acceptedAt: number | undefined;
  #isStarted = false;
  /** Attempts since a connection last worked. */
  #attempts = 0;
  /** Those in a row of which nobody said a word, while a read was answered. */
  #unanswered = 0;
  /** Why the room did not take the client, until the app was asked for a better credential. */
  #refused: RoomError | null = null;
  /** While the page is in the browser's back and forward cache. */
  #isAway = false;
  #wake: () => unknown = () => {};

  constructor(options: ConnectorOptions) {
    this.#options = options;
    this.#polling = new Polling({ ...options, onRefusal: (refusal) => this.#takeRefusal(refusal) });
  }

  /** Opens the first socket, where that was not done. */
  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    watchPage(
      {
        // Waits no longer than it must, and trusts no socket that may be dead.
        onWake: () => {
          this.#pause.hurry();
          this.#socket?.check();
          this.#wake();
          this.poll();
        },
        // Leaves the place to the room's grace (SPEC L4).
        onHide: () => {
          this.#isAway = true;
          this.drop();
          this.#polling.abandon();
          this.#options.onLost();
        },
        onShow: () => {
          this.#isAway = false;
          this.#pause.end();
        },
      },
      this.#options.signal,
    );
    void this.#run();
  }

  send(frame: ClientFrame): void {
    this.#socket?.send(frame);
  }

  /** Says at once what there is to say, where no socket does. */
  poll(): void {
    this.#polling.hurry();
  }

  /** Gives the socket up for another. */
  drop(): void {
    this.#socket?.drop();
  }

  /** The room's state has come over the socket. */
  accepted(): void {
    this.#acceptedAt = Date.now();
    this.#polling.stop();
  }

  /** Ends the socket or the lease, and begins no other. */
  stop(): void {
    this.#socket?.leave();
    this.#socket = null;
    this.#polling.stop();
    this.#pause.end();
  }

  get #isOver(): boolean {
    return this.#options.signal.aborted;
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      try {
        await this.#attempt();
      } catch {
        // A hook of the app's failed, which is no refusal.
        await this.#backOff();
      }
    }
  }

  async #attempt(): Promise<void> {
    const { signIn, nextUrl } = this.#options;
    if (this.#refused) await this.#recover(this.#refused);
    while (this.#isAway && !this.#isOver) await this.#pause.wait(LONGEST_MS);
    if (this.#isOver) return;
    const url = nextUrl();
    url.protocol = url.protocol.replace("http", "ws");
    await signIn.apply(url);
    if (this.#isOver || this.#isAway) return;
    await this.#waitAfter(await this.#connect(url));
  }

  /** Opens a socket, and waits for an end after which another is to come. */
  #connect(url: URL): Promise<SocketEnd> {
    const { onFrame, onLost, onClosed } = this.#options;
    this.#acceptedAt = undefined;
    return new Promise((resolve) => {
      const onEnd = (end: SocketEnd) => {
        this.#socket = null;
        const { code } = end;
        if (afterClose(code).then === "stay-away") {
          return onClosed(code === LEFT ? null : whyClosed(end));
        }
        if (this.#acceptedAt !== undefined) onLost();
        resolve(end);
      };
      const Class = (this.#options.WebSocket ?? WebSocket) as typeof WebSocket;
      this.#socket = new Socket(url, Class, { onFrame, onEnd });
    });
  }

  async #waitAfter(end: SocketEnd): Promise<void> {
    if (this.#isAway) return;
    const next = afterClose(end.code);
    const isAtOnce = next.then === "reconnect" && !next.backoff;
    if (!end.wasTold && !isAtOnce) return this.#inquire();
    this.#unanswered = 0;
    if (Date.now() - this.#acceptedAt! >= LASTED_MS) this.#attempts = 0;
    if (isAtOnce) return;
    if (next.then === "reconnect") this.#pause.atLeast(next.atLeastMs);
    else if (this.#options.signIn.canRecover) {
      this.#refused = whyClosed(end);
      return;
    } else if (this.#attempts === 0) {
      // The browser may have another cookie by now: the door tells (SPEC K14).
      this.#attempts++;
      return;
    }
    await this.#backOff();
  }

  /** After an attempt of which nobody said a word: refused, or lost on its way. */
  async #inquire(): Promise<void> {
    const { signIn, nextUrl, fetch } = this.#options;
    // At once: later, others than those who refused might answer.
    const url = nextUrl();
    signIn.applyAgain(url);
    const refusal = await Promise.race([askWhyRefused(url, fetch), this.#woken()]);
    if (refusal === WOKEN || this.#isOver || this.#isAway) return;
    if (refusal && isFinal(refusal) && signIn.explains(refusal)) {
      this.#refused = errorOf(refusal);
      return;
    }
    // Where a read is not answered either, the network is down, or the service.
    if (refusal && !isFinal(refusal)) this.#unanswered = 0;
    else if (refusal !== undefined && ++this.#unanswered >= BLOCKED_AFTER) this.#polling.start();
    if (refusal) this.#pause.atLeast(refusal.retryAfterMs);
    if (!this.#refused) await this.#backOff();
  }

  /** Resolves at an event of the page's that comes after a second or later. */
  #woken(): Promise<typeof WOKEN> {
    const begunAt = Date.now();
    return new Promise((resolve) => {
      this.#wake = () => Date.now() - begunAt >= HANGS_AFTER_MS && resolve(WOKEN);
    });
  }

  #takeRefusal(refusal: Refusal): void {
    const { status, retryAfterMs } = refusal;
    this.#pause.atLeast(retryAfterMs);
    if (status !== 401 && status !== 403) return this.#options.onRefusal(refusal);
    this.#refused = errorOf(refusal);
    this.#polling.stop();
    this.#options.onLost();
    this.#pause.end();
  }

  #backOff(): Promise<void> {
    return this.#pause.wait(backoffMs(this.#attempts++, Math.random()));
  }

  /** The app may have a better credential, else the client stays away. */
  async #recover(error: RoomError): Promise<void> {
    const helps = await this.#options.signIn.recover(error);
    this.#refused = null;
    if (!helps && !this.#isOver) this.#options.onClosed(error);
  }
}

function whyClosed({ reason }: SocketEnd): RoomError {
  return { code: reason, message: "The room has closed the connection." };
}
