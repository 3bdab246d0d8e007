import { applyDelta, applySnapshot, type Replica } from "../../../src/client/replica.ts";
import type { Delta, ServerFrame, Snapshot, Status } from "../../../src/protocol/messages.ts";
import { formatSince } from "../../../src/protocol/since.ts";
import { LeanWebSocket } from "../../bench/load/web-socket.ts";

/** How many others a window shows. */
export const LIMIT = 20;

/** A page to open. */
export interface Page {
  port: number;
  room: string;
  user: string;
  token: string;
  /** Users that its window shows beside the first others. */
  watched: readonly string[];
  /** Whether its user is present in the room by it. */
  isMember: boolean;
}

/** How far a connection got. */
export type Progress = "opening" | "welcomed" | "shown";

export interface WindowClientEvents {
  /** `isFirst`: of its connection. */
  onState(client: WindowClient, state: Snapshot | Delta, isFirst: boolean): void;
  onAck(): void;
  /** The room has let it in; the first state follows. */
  onWelcome(): void;
  /** `refusal` is the status line if the upgrade was refused. */
  onClose(client: WindowClient, was: Progress, refusal: string | undefined): void;
}

/** A page with a window of the room, as little work for its process as possible. */
export class WindowClient {
  readonly page: Page;
  replica: Replica | null = null;
  /** When the room last welcomed it, in milliseconds since 1970. */
  welcomedAt = Number.NaN;
  progress: Progress = "opening";
  frames = 0;
  bytes = 0;
  readonly #events: WindowClientEvents;
  #socket: LeanWebSocket | null = null;
  /** The status that was acknowledged last, and those sent since. */
  #choices: { id: number; status: Status | null }[] = [{ id: 0, status: null }];

  constructor(page: Page, events: WindowClientEvents) {
    this.page = page;
    this.#events = events;
  }

  /** Whether it has got the first state of its connection. */
  get isShown(): boolean {
    return this.progress === "shown";
  }

  get isOpen(): boolean {
    return this.#socket !== null;
  }

  /** One of these is the chosen one. */
  get possible(): readonly (Status | null)[] {
    return this.#choices.map(({ status }) => status);
  }

  connect(): void {
    const { port, room, token, watched, isMember } = this.page;
    const query = new URLSearchParams({ view: "window", limit: String(LIMIT) });
    if (!isMember) query.set("present", "false");
    if (watched.length > 0) query.set("watch", "later");
    if (this.replica) query.set("since", formatSince(this.replica));
    this.progress = "opening";
    const path = `/rooms/${room}?${query}`;
    const headers = [`Authorization: Bearer ${token}`];
    const socket = new LeanWebSocket(
      { port, path, headers, offersDeflate: false },
      {
        onOpen: () => {
          if (watched.length > 0) socket.send(JSON.stringify({ type: "watch", add: watched }));
        },
        onMessage: (payload) => this.#receive(payload.toString()),
        onClose: (refusal) => {
          if (this.#socket !== socket) return;
          this.#socket = null;
          const was = this.progress;
          this.progress = "opening";
          this.#events.onClose(this, was, refusal);
        },
      },
    );
    this.#socket = socket;
  }

  ping(): void {
    if (this.isShown) this.#socket?.send("ping");
  }

  choose(status: Status | null): void {
    const id = this.#choices.at(-1)!.id + 1;
    this.#choices.push({ id, status });
    this.#socket?.send(JSON.stringify({ type: "update", status, id: String(id) }));
  }

  #receive(text: string): void {
    this.frames++;
    this.bytes += text.length;
    if (text === "pong") return;
    const frame = JSON.parse(text) as ServerFrame;
    switch (frame.type) {
      case "welcome":
        this.welcomedAt = Date.now();
        this.progress = "welcomed";
        return this.#events.onWelcome();
      case "snapshot":
        this.replica = applySnapshot(this.replica, frame);
        return this.#show(frame);
      case "delta":
        this.replica = applyDelta(this.replica, frame);
        if (this.replica === null) throw new Error(`a delta did not fit: ${text}`);
        return this.#show(frame);
      case "probe":
        return this.#socket!.send(
          frame.n === undefined ? "ping" : JSON.stringify({ type: "alive", n: frame.n }),
        );
      case "ack":
        this.#choices = this.#choices.filter(({ id }) => id >= Number(frame.id));
        return this.#events.onAck();
      case "error":
        throw new Error(`refused: ${text}`);
      default:
    }
  }

  #show(state: Snapshot | Delta): void {
    const isFirst = !this.isShown;
    this.progress = "shown";
    this.#events.onState(this, state, isFirst);
  }
}
