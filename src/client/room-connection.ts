import ReconnectingWebSocket from "partysocket/ws";
import { afterClose, CLOSE } from "../protocol/close-codes.ts";
import { PING } from "../protocol/messages.ts";
import type { ClientFrame, Self, ServerFrame } from "../protocol/messages.ts";
import { formatSince } from "../protocol/since.ts";
import { backoffMs } from "./backoff.ts";
import { askWhyRefused } from "./refusal.ts";
import { Renewal } from "./renewal.ts";
import { applyDelta, applySnapshot, type Roll } from "./roll.ts";
import { SignIn } from "./sign-in.ts";
import { stateOf } from "./state.ts";
import type { JoinOptions } from "./options.ts";
import type { Change, ConnectionState, RoomError, RoomState } from "./types.ts";

/** A tunnel or a hotel's network may take long to answer. */
const CONNECTION_TIMEOUT_MS = 10_000;

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A page's presence in a room. */
export class RoomConnection {
  readonly #url: URL;
  readonly #fetch: typeof fetch;
  readonly #socket: ReconnectingWebSocket;
  readonly #signIn: SignIn;
  readonly #renewal = new Renewal(async () => this.#sendToken(await this.#signIn.newerToken()));
  readonly listeners = new Set<() => void>();
  readonly #view: string | undefined;
  #state: RoomState;
  #roll: Roll | null = null;
  /** Deltas are dropped until the snapshot comes that was asked for. */
  #syncing = false;
  /** What was chosen and not acknowledged; sent again once there is a connection. */
  #pending: Change = {};
  #sent = 0;
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  #attempt = 0;
  #atLeastMs = 0;
  #backoffMs = 0;
  #hurry: (() => void) | null = null;
  /** Whether the last attempt ended before the room said anything. */
  #unanswered = false;
  /** Why the room did not take the last connect, or ended it, until the app was asked for better. */
  #refused: RoomError | null = null;

  constructor(url: string, options: JoinOptions) {
    this.#url = new URL(url);
    this.#view = options.view;
    this.#state = stateOf("connecting", options.initial);
    if (options.initial) this.#roll = applySnapshot(null, options.initial);
    this.#signIn = new SignIn(options);
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init));
    this.#socket = new ReconnectingWebSocket(() => this.#nextUrl(), [], {
      ...(options.WebSocket !== undefined && { WebSocket: options.WebSocket }),
      // Frames for a room that was left meanwhile are no use: state is resumed, not replayed.
      maxEnqueuedMessages: 0,
      // The waiting is done in #prepare, by the close code.
      minReconnectionDelay: 0,
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      shouldReconnectOnClose: (event) => this.#closed(event.code, event.reason),
    });
    this.#socket.addEventListener("message", (event) => this.#receive(String(event.data)));
    globalThis.addEventListener?.("online", this.#retryNow);
    globalThis.document?.addEventListener("visibilitychange", this.#retryNow);
  }

  get state(): RoomState {
    return this.#state;
  }

  leave(): void {
    if (this.#isClosed) return;
    this.#send({ type: "leave" });
    this.#end(null);
  }

  update(change: Change): void {
    this.#pending = { ...this.#pending, ...change };
    if (this.#state.connection === "online") this.#sendPending();
  }

  #sendPending(): void {
    if (Object.keys(this.#pending).length === 0) return;
    this.#send({ type: "update", ...this.#pending, id: String(++this.#sent) });
  }

  #send(frame: ClientFrame): void {
    this.#socket.send(JSON.stringify(frame));
  }

  /** What to connect to next, once it is time; what the socket does not open where all has ended. */
  async #nextUrl(): Promise<string> {
    while (!this.#isClosed) {
      try {
        await this.#prepare();
        if (this.#isClosed) break;
        const url = new URL(this.#url);
        url.protocol = url.protocol.replace(/^http/, "ws");
        if (this.#roll) url.searchParams.set("since", formatSince(this.#roll));
        if (this.#view) url.searchParams.set("view", this.#view);
        await this.#signIn.apply(url);
        this.#unanswered = true;
        return url.href;
      } catch {
        // A hook of the app's failed, which is no refusal.
        this.#wait({ atLeastMs: 0, backoff: true });
      }
    }
    return this.#url.href;
  }

  /** Waits as long as the last attempt's end demands, and mends what it was refused for. */
  async #prepare(): Promise<void> {
    if (this.#unanswered) {
      this.#unanswered = false;
      // At once: later, others than those who refused might answer.
      this.#refused = await this.#askWhyRefused();
      if (this.#refused) this.#wait({ atLeastMs: 0, backoff: false });
    }
    await sleep(this.#atLeastMs);
    await new Promise<void>((resolve) => {
      this.#hurry = resolve;
      setTimeout(resolve, this.#backoffMs);
    });
    this.#hurry = null;
    if (this.#refused && !this.#isClosed) await this.#recover(this.#refused);
  }

  async #askWhyRefused(): Promise<RoomError | null> {
    const error = await askWhyRefused(this.#signIn.inquiry(this.#url), this.#fetch);
    return error && this.#signIn.explains(error) ? error : null;
  }

  /** The app may have a better credential, else the client stays away. */
  async #recover(error: RoomError): Promise<void> {
    const helps = await this.#signIn.recover(error);
    this.#refused = null;
    if (!helps && !this.#isClosed) this.#end(error);
  }

  #wait({ atLeastMs, backoff }: { atLeastMs: number; backoff: boolean }): void {
    this.#atLeastMs = atLeastMs;
    this.#backoffMs = backoff ? backoffMs(this.#attempt++, Math.random()) : 0;
  }

  #retryNow = (): void => {
    if (globalThis.document?.visibilityState !== "hidden") this.#hurry?.();
  };

  /** Decides by the close code what comes next; answers whether to reconnect. */
  #closed(code: number, reason: string): boolean {
    clearInterval(this.#heartbeat);
    this.#renewal.cancel();
    if (this.#isClosed) return false;
    // The library says 1000, with no reason, for any attempt that failed.
    const next = afterClose(code === CLOSE.left && reason !== "left" ? 1006 : code);
    if (next.then === "stay-away") {
      this.#end(code === CLOSE.left ? null : { code: reason, message: "The room was closed." });
      return false;
    }
    if (this.#state.connection === "online") this.#set({ connection: "reconnecting" });
    if (next.then === "ask-for-credential") {
      this.#refused = { code: reason, message: "The session is not valid any more." };
      this.#unanswered = false;
      this.#wait({ atLeastMs: 0, backoff: false });
    } else {
      this.#wait(next);
    }
    return true;
  }

  #receive(text: string): void {
    if (!text.startsWith("{")) return;
    const frame = JSON.parse(text) as ServerFrame;
    switch (frame.type) {
      case "welcome":
        this.#unanswered = false;
        clearInterval(this.#heartbeat);
        this.#heartbeat = setInterval(() => this.#socket.send(PING), frame.heartbeat * 1000);
        return this.#set({ self: frame.self });
      case "snapshot":
        this.#syncing = false;
        return this.#hold(applySnapshot(this.#roll, frame));
      case "delta":
        return this.#syncing ? undefined : this.#hold(applyDelta(this.#roll, frame));
      case "self":
        return this.#set({ self: { id: frame.id, chosen: frame.chosen } satisfies Self });
      case "probe":
        this.#socket.send(PING);
        return;
      case "error":
        if (frame.id === String(this.#sent)) this.#pending = {};
        return this.#set({ error: { code: frame.code, message: frame.message } });
      case "ack":
        if (frame.id === String(this.#sent)) this.#pending = {};
        return;
      case "authenticate":
        return void this.#authenticate();
      case "expiring":
        return this.#renewal.due(Date.parse(frame.expiresAt));
      case "renewed":
        return frame.token === undefined ? undefined : this.#signIn.renewed(frame.token);
      default:
        frame satisfies never;
    }
  }

  #hold(roll: Roll | null): void {
    if (roll === null) {
      this.#syncing = true;
      return this.#send({ type: "sync" });
    }
    this.#roll = roll;
    const { members, online, connections } = roll;
    if (this.#state.connection === "online") return this.#set({ members, online, connections });
    this.#attempt = 0;
    this.#signIn.accepted();
    this.#set({ members, online, connections, connection: "online", error: null });
    this.#sendPending();
  }

  async #authenticate(): Promise<void> {
    try {
      this.#sendToken(await this.#signIn.token());
    } catch {
      // To wait for the room to close it would look like a refusal.
      if (!this.#isClosed) this.#socket.reconnect();
    }
  }

  /** Without a token nothing is sent, and the room closes in time. */
  #sendToken(token: string | null): void {
    if (token !== null && !this.#isClosed) this.#send({ type: "auth", token });
  }

  get #isClosed(): boolean {
    return this.#state.connection === "closed";
  }

  #end(error: RoomError | null): void {
    clearInterval(this.#heartbeat);
    this.#renewal.cancel();
    globalThis.removeEventListener?.("online", this.#retryNow);
    globalThis.document?.removeEventListener("visibilitychange", this.#retryNow);
    this.#set({ connection: "closed" satisfies ConnectionState, error });
    this.#socket.close(CLOSE.left);
    this.#hurry?.();
  }

  #set(change: Partial<RoomState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.listeners) listener();
  }
}
