import type {
  ClientFrame,
  Delta,
  Self,
  ServerFrame,
  Snapshot,
  WatcherWelcome,
  Welcome,
} from "../protocol/messages.ts";
import { formatSince } from "../protocol/since.ts";
import { Connector, type Owner } from "./connector.ts";
import { watchIdle } from "./idle.ts";
import type { JoinOptions } from "./options.ts";
import { Outbox } from "./outbox.ts";
import { Pace } from "./pace.ts";
import { onceShown } from "./page.ts";
import type { PollAnswer, PollBody } from "./polling.ts";
import { errorOf, type Refusal } from "./refusal.ts";
import { Renewal } from "./renewal.ts";
import { applyDelta, applySnapshot, type Replica } from "./replica.ts";
import { SignIn } from "./sign-in.ts";
import { stateOf } from "./state.ts";
import type { Emit, Emitted } from "./events.ts";
import type { Change, RoomError, RoomState, Signalling } from "./types.ts";
import { warn } from "./warn.ts";
import { AGAIN_MS, IDLE_AFTER_MS, REQUEST_MS } from "./times.ts";

/** A page's presence in a room: combines what arrives over a socket or HTTP into one state. */
export class RoomConnection implements Owner, Signalling {
  readonly listeners = new Set<Emit>();
  readonly pace = new Pace(() => this.flush());
  readonly room: URL;
  readonly signIn: SignIn;
  readonly options: JoinOptions;
  state: RoomState;
  #replica: Replica | null = null;
  readonly #connector: Connector;
  readonly #outbox = new Outbox();
  readonly #renewal = new Renewal(async () => this.#sendToken(await this.signIn.newerToken()));
  readonly over = new AbortController();
  /** As the room sends it. */
  #self: Self | null = null;
  welcome: Welcome | WatcherWelcome | undefined;
  #isStarted = false;
  #idle = false;
  /** The value that the last connect sent. */
  #cameIdle = false;
  /** Whether deltas are dropped until the requested snapshot comes. */
  #syncing = false;
  /** Set while the room drops what is sent (SPEC W12). */
  #drops: ReturnType<typeof setTimeout> | undefined;

  constructor(url: string, options: JoinOptions) {
    const { initial } = options;
    this.room = new URL(url);
    this.signIn = new SignIn(options);
    this.options = options;
    this.state = stateOf("connecting", initial);
    if (initial) this.#replica = applySnapshot(null, initial);
    this.#connector = new Connector(this);
  }

  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    const { idleAfterMs = IDLE_AFTER_MS } = this.options;
    onceShown(() => {
      watchIdle(idleAfterMs, (idle) => this.#tellIdle(idle), this.over.signal);
      this.#connector.start();
    }, this.over.signal);
  }

  /** Whether it only watches. */
  get isWatcher(): boolean {
    return this.options.present === false;
  }

  update(change: Change): void {
    this.#outbox.put(change);
    this.pace.due();
    this.#set({});
  }

  leave(): void {
    this.say({ type: "leave" });
    this.onClosed(null);
  }

  fetch(url: URL, request?: RequestInit): Promise<Response> {
    return (this.options.fetch ?? fetch)(url, {
      credentials: "include",
      signal: AbortSignal.timeout(REQUEST_MS),
      ...request,
    });
  }

  nextUrl(): URL {
    const { view } = this.options;
    const url = new URL(this.room);
    this.#cameIdle = this.#idle;
    if (this.#replica) url.searchParams.set("since", formatSince(this.#replica));
    if (this.#idle) url.searchParams.set("idle", "true");
    if (view) url.searchParams.set("view", view);
    if (this.isWatcher) url.searchParams.set("present", "false");
    return url;
  }

  onFrame(frame: ServerFrame): void {
    switch (frame.type) {
      case "welcome":
        this.welcome = frame;
        this.#syncing = false;
        this.#drops = undefined;
        if (this.#idle || this.#cameIdle) this.#tellIdle(this.#idle);
        return this.#meet(frame.self);
      case "self":
        return this.#meet(frame);
      case "snapshot":
      case "delta":
        return this.#hold(frame);
      case "watching":
        return this.#set({ watching: frame.watching });
      case "signals":
        for (const signal of frame.signals) this.emit("signal", signal);
        return;
      case "error":
        // It does not say what was dropped (SPEC K6).
        if (frame.code === "rate_limited") {
          this.#syncing = false;
          this.#outbox.restore();
          this.#drops ??= setTimeout(() => {
            this.#drops = undefined;
            this.#tellIdle(this.#idle);
            this.flush();
          }, AGAIN_MS);
        }
        this.settle(frame.id);
        return this.#set({ error: errorOf(frame) });
      case "ack":
        if (this.settle(frame.id)) this.#set({ error: null });
        return;
      case "authenticate":
        return this.#sendToken(this.signIn.token);
      case "expiring":
        return this.#renewal.due(Date.parse(frame.expiresAt));
      case "renewed":
        return this.signIn.renewed(frame.token);
      case "event":
        return this.emit("event", frame);
      default:
        // The socket has answered it.
        frame satisfies { type: "probe" };
    }
  }

  /** The room has answered; returns whether there is no error any more. */
  settle(id: string | undefined): boolean {
    return this.#outbox.settle(id);
  }

  /** Changes that another person made must not be sent in this person's name. */
  #meet(self: Self | null): void {
    if (this.#self && this.#self.id !== self?.id) this.#outbox.clear();
    this.#self = self;
    this.#set({});
  }

  /** Applies what arrived over the socket. */
  #hold(state: Snapshot | Delta): void {
    if (this.#syncing && state.type === "delta") return;
    const isFirst = this.state.connection !== "online";
    if (isFirst) this.#outbox.restore();
    this.#syncing = !this.#show(state, isFirst ? { connection: "online", error: null } : {});
    if (this.#syncing) this.say({ type: "sync" });
    else if (isFirst) {
      this.#connector.accepted();
      this.flush();
    }
  }

  /** Applies a poll's answer, unless a socket that is opening has brought more already. */
  onAnswer(answer: PollAnswer): void {
    const { self = null, state = answer as Snapshot } = answer;
    const isFirst = this.state.connection !== "polling";
    this.#outbox.settleAll();
    this.#meet(self);
    this.#show(state, { connection: "polling", error: null });
    if (isFirst && !this.#outbox.isEmpty) this.#connector.poll();
  }

  /** Shows the room's new state, and reports who came and went; `false` if a snapshot is needed. */
  #show(state: Snapshot | Delta, change: Partial<RoomState>): boolean {
    const before = this.#replica;
    const emitted: Emitted[] = [];
    const replica =
      state.type === "delta"
        ? applyDelta(before, state, emitted)
        : applySnapshot(before, state, emitted);
    if (!replica) return false;
    this.#replica = replica;
    this.signIn.accepted();
    this.#set(change);
    // Members who were there from the start have not joined.
    if (before) for (const each of emitted) this.emit(...each);
    return true;
  }

  /** The connection is lost, and with it everything that was sent and not answered. */
  onLost(): void {
    this.#renewal.cancel();
    this.#outbox.restore();
    if (this.state.connection !== "connecting") this.#set({ connection: "reconnecting" });
  }

  /** Sends what is waiting, over whichever connection there is. */
  flush(): void {
    if (this.state.connection === "polling") {
      this.pace.count();
      this.#connector.poll();
    }
    if (this.state.connection !== "online" || this.#drops) return;
    const change = this.#outbox.take();
    if (change) this.send({ type: "update", ...change });
  }

  /** Sends a frame that counts towards the room's limit. */
  send(frame: ClientFrame): void {
    this.pace.count();
    this.say(frame);
  }

  /** Sends a frame that does not. */
  say(frame: ClientFrame): void {
    this.#connector.send(frame);
  }

  #tellIdle(idle: boolean): void {
    if (this.isWatcher) return;
    this.#idle = idle;
    this.say({ type: "idle", idle });
    this.#connector.poll();
  }

  /** Only an answer says who this is, so a choice is sent with the poll after it (SPEC K6). */
  pollBody(): PollBody {
    const isKnown = this.state.connection === "polling";
    const { id: _, ...change } = (isKnown && this.#outbox.take()) || {};
    const since = this.#replica ? formatSince(this.#replica) : undefined;
    return { since, idle: this.#idle, ...change };
  }

  onRefusal(refusal: Refusal): void {
    // The request was wrong, and would be again; otherwise there were only too many.
    if (refusal.status < 429) this.#outbox.settleAll();
    else this.onLost();
    this.#set({ error: errorOf(refusal) });
  }

  /** Without a token nothing is sent, and the service closes the socket in time. */
  #sendToken(token: string | undefined): void {
    if (token) this.say({ type: "auth", token });
  }

  onClosed(error: RoomError | null): void {
    this.over.abort();
    this.#connector.stop();
    this.#renewal.cancel();
    this.#set({ connection: "closed", error });
  }

  #set(change: Partial<RoomState>): void {
    const { members, online, connections } = this.#replica ?? this.state;
    const self = this.#shownSelf();
    const next = { ...this.state, members, online, connections, self, ...change };
    const keys = Object.keys(next) as (keyof RoomState)[];
    if (keys.every((key) => next[key] === this.state[key])) return;
    this.state = next;
    const { error } = change;
    if (error) warn(`${this.room.href} ${error.code}: ${error.message}`, error.code);
    this.emit("state");
  }

  emit(...emitted: Emitted): void {
    for (const listener of this.listeners) listener(...emitted);
  }

  /** Includes the choice made here, which the room does not have yet. */
  #shownSelf(): Self | null {
    if (!this.#self) return null;
    const { id, chosen: told } = this.#self;
    const { chosen = told } = this.#outbox;
    const shown = this.state.self;
    return shown?.id === id && shown.chosen === chosen ? shown : { id, chosen };
  }
}
