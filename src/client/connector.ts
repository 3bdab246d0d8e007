import { afterClose, CLOSE } from "../protocol/close-codes.ts";
import type { ClientFrame, ServerFrame } from "../protocol/messages.ts";
import { backoffMs } from "./backoff.ts";
import type { ConnectionOptions } from "./options.ts";
import { Pause } from "./pause.ts";
import { askWhyRefused, isFinal } from "./refusal.ts";
import type { SignIn } from "./sign-in.ts";
import { Socket, type SocketEnd } from "./socket.ts";
import type { RoomError } from "./types.ts";

/** After so many attempts in a row of which nobody said a word, no socket may get through. */
const BLOCKED_AFTER = 2;

export interface ConnectorEvents {
  onFrame(frame: ServerFrame): void;
  /** The socket has ended, and another is to come. */
  onLost(): void;
  /** The network lets no socket through, or there is none. */
  onBlocked(): void;
  /** The room is closed to this client. */
  onRefused(error: RoomError | null): void;
}

export interface ConnectorOptions extends Pick<ConnectionOptions, "WebSocket"> {
  fetch: typeof fetch;
  signIn: SignIn;
  /** What to connect to next; for the sign-in to add to. */
  nextUrl(): URL;
}

/** Keeps a socket to the room: opens one after the other, and waits as the last one's end demands. */
export class Connector {
  readonly #options: ConnectorOptions;
  readonly #events: ConnectorEvents;
  readonly #pause = new Pause();
  #socket: Socket | null = null;
  #isStarted = false;
  #isOver = false;
  /** Attempts since the room's state last came. */
  #attempts = 0;
  /** Those in a row of which nobody said a word. */
  #unanswered = 0;
  /** Why the room did not take the client, until the app was asked for a better credential. */
  #refused: RoomError | null = null;
  #notBefore = 0;
  /** While the page is in the browser's back and forward cache. */
  #away: Promise<void> | null = null;
  #comeBack = (): void => {};

  constructor(options: ConnectorOptions, events: ConnectorEvents) {
    this.#options = options;
    this.#events = events;
  }

  get socket(): Socket | null {
    return this.#socket;
  }

  send(frame: ClientFrame): void {
    this.#socket?.send(frame);
  }

  /** The room's state has come. */
  accepted(): void {
    this.#attempts = 0;
  }

  /** The service has refused this client over HTTP. */
  refuse(error: RoomError): void {
    this.#refused = error;
    this.#pause.end();
  }

  /** The service asks for patience. */
  waitAtLeast(ms: number): void {
    this.#notBefore = Math.max(this.#notBefore, Date.now() + ms);
  }

  /** Waits no longer than it must, and trusts no socket that may be dead. */
  hurry(): void {
    this.#pause.hurry();
    this.#socket?.check();
  }

  /** Leaves the place to the room's grace, and opens nothing until {@link resume}. */
  suspend(): void {
    this.#away ??= new Promise((resolve) => {
      this.#comeBack = resolve;
    });
    this.#socket?.drop();
  }

  resume(): void {
    this.#away = null;
    this.#comeBack();
    this.#pause.hurry();
  }

  /** Ends the socket, and opens no other. */
  stop(): void {
    this.#isOver = true;
    this.#socket?.close(CLOSE.left);
    this.#socket = null;
    this.#pause.end();
  }

  /** Opens the first socket, where that was not done. */
  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    void this.#run();
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      try {
        await this.#attempt();
      } catch {
        // A hook of the app's failed, which is no refusal.
        await this.#backOff(0);
      }
    }
  }

  async #attempt(): Promise<void> {
    const { signIn, nextUrl } = this.#options;
    if (this.#refused !== null) await this.#recover(this.#refused);
    await this.#away;
    if (this.#isOver) return;
    const url = nextUrl();
    url.protocol = url.protocol.replace("http", "ws");
    await signIn.apply(url);
    if (this.#isOver || this.#away) return;
    await this.#waitAfter(await this.#connect(url));
  }

  /** Opens a socket, and waits for its end. */
  #connect(url: URL): Promise<SocketEnd> {
    const { onFrame, onLost } = this.#events;
    return new Promise((resolve) => {
      const onEnd = (end: SocketEnd) => {
        this.#socket = null;
        onLost();
        resolve(end);
      };
      const Class = (this.#options.WebSocket ?? WebSocket) as typeof WebSocket;
      this.#socket = new Socket(url, Class, { onFrame, onEnd });
    });
  }

  async #waitAfter({ code, reason, wasTold }: SocketEnd): Promise<void> {
    if (this.#away) return;
    if (!wasTold) return this.#inquire();
    this.#unanswered = 0;
    // A proxy may say 1000 too; the room gives its reason.
    const next = afterClose(code === CLOSE.left && reason !== "left" ? 1006 : code);
    switch (next.then) {
      case "stay-away":
        return this.#end(
          code === CLOSE.left ? null : { code: reason, message: "The room was closed." },
        );
      case "ask-for-credential":
        this.#refused = { code: reason, message: "The session is not valid any more." };
        return;
      case "reconnect":
        if (next.backoff) await this.#backOff(next.atLeastMs);
        return;
      default:
        next satisfies never;
    }
  }

  /** After an attempt of which nobody said a word: refused, or lost on its way. */
  async #inquire(): Promise<void> {
    const { signIn, nextUrl, fetch } = this.#options;
    // At once: later, others than those who refused might answer.
    const refusal = await askWhyRefused(signIn.inquiry(nextUrl()), fetch);
    if (this.#isOver || this.#away) return;
    if (refusal && isFinal(refusal) && signIn.explains(refusal)) {
      const { code, message } = refusal;
      this.#refused = { code, message };
      return;
    }
    if (++this.#unanswered >= BLOCKED_AFTER) this.#events.onBlocked();
    if (this.#refused === null) await this.#backOff(refusal?.retryAfterMs ?? 0);
  }

  async #backOff(atLeastMs: number): Promise<void> {
    this.waitAtLeast(atLeastMs);
    const leastMs = () => Math.max(0, this.#notBefore - Date.now());
    await this.#pause.wait(leastMs(), backoffMs(this.#attempts++, Math.random()));
    // It may have been asked for more patience meanwhile.
    if (leastMs() > 0 && !this.#isOver) await this.#pause.wait(leastMs(), 0);
  }

  /** The app may have a better credential, else the client stays away. */
  async #recover(error: RoomError): Promise<void> {
    const helps = await this.#options.signIn.recover(error);
    this.#refused = null;
    if (!helps && !this.#isOver) this.#end(error);
  }

  #end(error: RoomError | null): void {
    this.stop();
    this.#events.onRefused(error);
  }
}
