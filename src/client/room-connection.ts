import type { Self, ServerFrame } from "../protocol/messages.ts";
import { formatSince } from "../protocol/since.ts";
import { Connector } from "./connector.ts";
import { watchIdle } from "./idle.ts";
import type { JoinOptions } from "./options.ts";
import { Outbox } from "./outbox.ts";
import { watchPage } from "./page.ts";
import { type PollAnswer, type PollBody, Polling } from "./polling.ts";
import type { Refusal } from "./refusal.ts";
import { Renewal } from "./renewal.ts";
import { applyDelta, applySnapshot, type Roll } from "./roll.ts";
import { SignIn } from "./sign-in.ts";
import { stateOf } from "./state.ts";
import type { Change, RoomError, RoomState } from "./types.ts";

const IDLE_AFTER_MS = 300_000;

/** A page's presence in a room: what came by socket or by HTTP becomes one state. */
export class RoomConnection {
  readonly listeners = new Set<() => void>();
  readonly #url: URL;
  readonly #view: JoinOptions["view"];
  readonly #signIn: SignIn;
  readonly #connector: Connector;
  readonly #polling: Polling;
  readonly #outbox = new Outbox(() => this.#flush());
  readonly #renewal = new Renewal(async () => this.#sendToken(await this.#signIn.newerToken()));
  readonly #over = new AbortController();
  #state: RoomState;
  #roll: Roll | null = null;
  /** As the room tells it. */
  #self: Self | null = null;
  #idle = false;
  /** Deltas are dropped until the snapshot comes that was asked for. */
  #syncing = false;

  constructor(url: string, options: JoinOptions) {
    const { initial, idleAfterMs = IDLE_AFTER_MS, view } = options;
    this.#url = new URL(url);
    this.#view = view;
    this.#state = stateOf("connecting", initial);
    if (initial) this.#roll = applySnapshot(null, initial);
    const signIn = new SignIn(options);
    this.#signIn = signIn;
    const fetch: typeof globalThis.fetch =
      options.fetch ?? ((input, init) => globalThis.fetch(input, init));
    this.#connector = new Connector(
      { WebSocket: options.WebSocket, fetch, signIn, nextUrl: () => this.#nextUrl() },
      {
        onFrame: (frame) => this.#receive(frame),
        onLost: () => this.#lose(),
        onBlocked: () => this.#polling.start(),
        onRefused: (error) => this.#end(error),
      },
    );
    this.#polling = new Polling(
      {
        room: this.#url,
        fetch,
        authorize: (url) => signIn.authorize(url),
        body: () => this.#pollBody(),
      },
      {
        onAnswer: (answer) => this.#takeAnswer(answer),
        onLost: () => this.#losePoll(),
        onRefused: (refusal) => this.#refusePoll(refusal),
      },
    );
    const { signal } = this.#over;
    watchIdle(idleAfterMs, (idle) => this.#tellIdle(idle), signal);
    watchPage(
      {
        onWake: () => {
          this.#connector.hurry();
          this.#polling.hurry();
        },
        onHide: () => {
          this.#connector.suspend();
          this.#polling.abandon();
          this.#losePoll();
        },
        onShow: () => this.#connector.resume(),
      },
      signal,
    );
  }

  get state(): RoomState {
    return this.#state;
  }

  start(): void {
    this.#connector.start();
  }

  update(change: Change): void {
    this.#outbox.put(change);
    this.#set({});
  }

  leave(): void {
    this.#connector.send({ type: "leave" });
    this.#connector.stop();
    this.#end(null);
  }

  #nextUrl(): URL {
    const url = new URL(this.#url);
    if (this.#roll) url.searchParams.set("since", formatSince(this.#roll));
    if (this.#view) url.searchParams.set("view", this.#view);
    return url;
  }

  #receive(frame: ServerFrame): void {
    const { socket } = this.#connector;
    switch (frame.type) {
      case "welcome":
        socket?.beatEvery(frame.heartbeat);
        this.#self = frame.self;
        if (this.#idle) this.#tellIdle(true);
        return this.#set({});
      case "snapshot":
        this.#syncing = false;
        return this.#hold(applySnapshot(this.#roll, frame));
      case "delta":
        return this.#syncing ? undefined : this.#hold(applyDelta(this.#roll, frame));
      case "self":
        this.#self = { id: frame.id, chosen: frame.chosen };
        return this.#set({});
      case "probe":
        return socket?.answerProbe();
      case "error":
        if (frame.code === "rate_limited") this.#outbox.retryLater();
        this.#outbox.settle(frame.id);
        return this.#set({ error: { code: frame.code, message: frame.message } });
      case "ack":
        if (this.#outbox.settle(frame.id)) this.#set({ error: null });
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

  /** Shows what the socket told; `null` is what does not fit to what was held (SPEC W5). */
  #hold(roll: Roll | null): void {
    if (roll === null) {
      this.#syncing = true;
      return this.#connector.send({ type: "sync" });
    }
    this.#roll = roll;
    if (this.#state.connection === "online") return this.#set(shownOf(roll));
    this.#connector.accepted();
    this.#signIn.accepted();
    this.#polling.stop();
    this.#outbox.restore();
    this.#set({ ...shownOf(roll), connection: "online", error: null });
    this.#flush();
  }

  #lose(): void {
    this.#renewal.cancel();
    this.#syncing = false;
    if (this.#state.connection !== "online") return;
    this.#outbox.restore();
    this.#set({ connection: "reconnecting" });
  }

  /** Sends what there is to say, by the way there is. */
  #flush(): void {
    if (this.#state.connection === "polling") this.#polling.hurry();
    if (this.#state.connection !== "online") return;
    const change = this.#outbox.take();
    if (change) this.#connector.send({ type: "update", ...change });
  }

  #tellIdle(idle: boolean): void {
    this.#idle = idle;
    this.#connector.send({ type: "idle", idle });
    if (this.#state.connection === "polling") this.#polling.hurry();
  }

  #pollBody(): PollBody {
    const { id: _, ...change } = this.#outbox.take() ?? {};
    const since = this.#roll && formatSince(this.#roll);
    return { idle: this.#idle, ...(since && { since }), ...change };
  }

  #takeAnswer({ self, state }: PollAnswer): void {
    const roll =
      state.type === "snapshot" ? applySnapshot(this.#roll, state) : applyDelta(this.#roll, state);
    this.#self = self;
    this.#roll = roll;
    if (roll === null) return this.#polling.hurry();
    this.#signIn.accepted();
    this.#set({ ...shownOf(roll), connection: "polling", error: null });
  }

  #losePoll(): void {
    this.#outbox.restore();
    if (this.#state.connection === "polling") this.#set({ connection: "reconnecting" });
  }

  #refusePoll({ status, code, message, retryAfterMs }: Refusal): void {
    const error = { code, message };
    if (status === 401 || status === 403) {
      this.#polling.stop();
      this.#losePoll();
      return this.#connector.refuse(error);
    }
    // What was said is wrong, and would be again; else it was only too much.
    if (status === 400) this.#outbox.settleAll();
    else this.#losePoll();
    this.#connector.waitAtLeast(retryAfterMs);
    this.#set({ error });
  }

  async #authenticate(): Promise<void> {
    try {
      this.#sendToken(await this.#signIn.token());
    } catch {
      // To wait for the room to close it would look like a refusal.
      this.#connector.socket?.drop();
    }
  }

  /** Without a token nothing is sent, and the room closes in time. */
  #sendToken(token: string | null): void {
    if (token !== null) this.#connector.send({ type: "auth", token });
  }

  #end(error: RoomError | null): void {
    this.#over.abort();
    this.#renewal.cancel();
    this.#polling.stop();
    this.#set({ connection: "closed", error });
  }

  #set(change: Partial<RoomState>): void {
    const next = { ...this.#state, self: this.#shownSelf(), ...change };
    const keys = Object.keys(next) as (keyof RoomState)[];
    if (keys.every((key) => next[key] === this.#state[key])) return;
    this.#state = next;
    for (const listener of this.listeners) listener();
  }

  /** With the choice made here, which the room is about to have. */
  #shownSelf(): Self | null {
    if (this.#self === null) return null;
    const { id, chosen: told } = this.#self;
    const { chosen = told } = this.#outbox;
    const shown = this.#state.self;
    return shown?.id === id && shown.chosen === chosen ? shown : { id, chosen };
  }
}

function shownOf({ members, online, connections }: Roll): Partial<RoomState> {
  return { members, online, connections };
}
