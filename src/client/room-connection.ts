import type { Delta, Self, ServerFrame, Snapshot } from "../protocol/messages.ts";
import { formatSince } from "../protocol/since.ts";
import { Connector } from "./connector.ts";
import { watchIdle } from "./idle.ts";
import type { JoinOptions } from "./options.ts";
import { Outbox } from "./outbox.ts";
import type { PollAnswer, PollBody } from "./polling.ts";
import { errorOf, type Refusal } from "./refusal.ts";
import { Renewal } from "./renewal.ts";
import { applySnapshot, applyState, type Roll } from "./roll.ts";
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
  readonly #outbox = new Outbox(() => this.#flush());
  readonly #renewal = new Renewal(async () => this.#sendToken(await this.#signIn.newerToken()));
  readonly #over = new AbortController();
  #state: RoomState;
  #roll: Roll | null = null;
  /** As the room tells it. */
  #self: Self | null = null;
  #idle = false;
  /** What the last connect said of it. */
  #cameIdle = false;
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
    const { signal } = this.#over;
    this.#connector = new Connector({
      WebSocket: options.WebSocket,
      fetch: options.fetch ?? fetch.bind(globalThis),
      signIn,
      signal,
      room: this.#url,
      nextUrl: () => this.#nextUrl(),
      body: () => this.#pollBody(),
      onFrame: (frame) => this.#receive(frame),
      onAnswer: (answer) => this.#takeAnswer(answer),
      onLost: () => this.#lose(),
      onRefusal: (refusal) => this.#showRefusal(refusal),
      onClosed: (error) => this.#end(error),
    });
    watchIdle(idleAfterMs, (idle) => this.#tellIdle(idle), signal);
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
    this.#end(null);
  }

  #nextUrl(): URL {
    const url = new URL(this.#url);
    if (this.#roll) url.searchParams.set("since", formatSince(this.#roll));
    this.#cameIdle = this.#idle;
    if (this.#idle) url.searchParams.set("idle", "true");
    if (this.#view) url.searchParams.set("view", this.#view);
    return url;
  }

  #receive(frame: ServerFrame): void {
    switch (frame.type) {
      case "welcome":
        this.#syncing = false;
        if (this.#idle || this.#cameIdle) this.#tellIdle(this.#idle);
        this.#meet(frame.self);
        return this.#set({});
      case "self":
        this.#meet(frame);
        return this.#set({});
      case "snapshot":
      case "delta":
        return this.#hold(frame);
      case "probe":
        // The socket has answered.
        return;
      case "error":
        this.#outbox.settle(frame.id);
        return this.#set({ error: errorOf(frame) });
      case "ack":
        if (this.#outbox.settle(frame.id)) this.#set({ error: null });
        return;
      case "authenticate":
        return this.#sendToken(this.#signIn.token);
      case "expiring":
        return this.#renewal.due(Date.parse(frame.expiresAt));
      case "renewed":
        if (frame.token !== undefined) this.#signIn.renewed(frame.token);
        return;
      case "event":
        // It changes nobody's presence.
        return;
      default:
        frame satisfies never;
    }
  }

  /** What somebody else chose is not said in this person's name. */
  #meet({ id, chosen }: Self): void {
    if (this.#self && this.#self.id !== id) this.#outbox.clear();
    this.#self = { id, chosen };
  }

  /** Holds what the socket told. */
  #hold(told: Snapshot | Delta): void {
    if (this.#syncing && told.type === "delta") return;
    const roll = applyState(this.#roll, told);
    this.#syncing = !roll;
    if (!roll) return this.#connector.send({ type: "sync" });
    this.#roll = roll;
    if (this.#state.connection === "online") return this.#set({});
    this.#connector.accepted();
    this.#outbox.restore();
    this.#enter("online");
    this.#flush();
  }

  /** Holds what a poll told; a socket that is about to be there may have told more. */
  #takeAnswer({ self, state }: PollAnswer): void {
    this.#outbox.settleAll();
    this.#meet(self);
    this.#roll = applyState(this.#roll, state) ?? this.#roll;
    const isFirst = this.#state.connection !== "polling";
    this.#enter("polling");
    if (isFirst && !this.#outbox.isEmpty) this.#connector.poll();
  }

  #enter(connection: "online" | "polling"): void {
    this.#signIn.accepted();
    this.#set({ connection, error: null });
  }

  /** The way to the room is lost, and with it what was said and not answered. */
  #lose(): void {
    this.#renewal.cancel();
    this.#outbox.restore();
    if (this.#state.connection !== "connecting") this.#set({ connection: "reconnecting" });
  }

  /** Sends what there is to say, by the way there is. */
  #flush(): void {
    if (this.#state.connection === "polling") this.#connector.poll();
    if (this.#state.connection !== "online") return;
    const change = this.#outbox.take();
    if (change) this.#connector.send({ type: "update", ...change });
  }

  #tellIdle(idle: boolean): void {
    this.#idle = idle;
    this.#connector.send({ type: "idle", idle });
    if (this.#state.connection === "polling") this.#connector.poll();
  }

  /** Only an answer tells who this is, so that a choice goes with the poll after one (SPEC K6). */
  #pollBody(): PollBody {
    const isKnown = this.#state.connection === "polling";
    const { id: _, ...change } = (isKnown && this.#outbox.take()) || {};
    const since = this.#roll ? formatSince(this.#roll) : undefined;
    return { since, idle: this.#idle, ...change };
  }

  #showRefusal(refusal: Refusal): void {
    // What was said is wrong, and would be again; else it was only too much.
    if (refusal.status < 429) this.#outbox.settleAll();
    else this.#lose();
    this.#set({ error: errorOf(refusal) });
  }

  /** Without a token nothing is sent, and the room closes in time. */
  #sendToken(token: string | undefined): void {
    if (token) this.#connector.send({ type: "auth", token });
  }

  #end(error: RoomError | null): void {
    this.#over.abort();
    this.#connector.stop();
    this.#renewal.cancel();
    this.#set({ connection: "closed", error });
  }

  #set(change: Partial<RoomState>): void {
    const { members, online, connections } = this.#roll ?? this.#state;
    const self = this.#shownSelf();
    const next = { ...this.#state, members, online, connections, self, ...change };
    const keys = Object.keys(next) as (keyof RoomState)[];
    if (keys.every((key) => next[key] === this.#state[key])) return;
    this.#state = next;
    for (const listener of this.listeners) listener();
  }

  /** With the choice made here, which the room is about to have. */
  #shownSelf(): Self | null {
    if (!this.#self) return null;
    const { id, chosen: told } = this.#self;
    const { chosen = told } = this.#outbox;
    const shown = this.#state.self;
    return shown?.id === id && shown.chosen === chosen ? shown : { id, chosen };
  }
}
