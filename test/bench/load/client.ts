import type { Dialect, Frame, Join, Shared, View } from "../dialects/dialect.ts";
import { LeanWebSocket, type Upgrade } from "./web-socket.ts";

export interface ClientEvents {
  onOpen(client: Client): void;
  /** After each message; the view has taken it. */
  onTold(client: Client, payloadBytes: number, onlineBefore: number): void;
  onClosed(client: Client, refusal: string | undefined): void;
}

export interface ClientOptions {
  offersDeflate: boolean;
  parses?: boolean;
}

/** Reads a message's JSON, behind the digits that Socket.IO puts before it. */
function parse(payload: Buffer): void {
  const text = payload.toString();
  const start = text.search(/[[{]/);
  if (start >= 0) JSON.parse(text.slice(start));
}

/** One user's page: a socket, and what it received. */
export class Client {
  readonly user: number;
  readonly #dialect: Dialect;
  readonly #join: Join;
  readonly #options: ClientOptions;
  /** Created in advance: signing sessions is not part of the timed work. */
  #upgrade: Upgrade;
  readonly #shared: Shared;
  readonly #events: ClientEvents;
  view: View;
  #socket: LeanWebSocket | null = null;
  #wireBytesBefore = 0;

  constructor(
    dialect: Dialect,
    join: Join,
    options: ClientOptions,
    shared: Shared,
    events: ClientEvents,
  ) {
    this.user = join.user;
    this.#dialect = dialect;
    this.#shared = shared;
    this.#events = events;
    this.view = dialect.newView(shared, join.shown);
    this.#join = join;
    this.#options = options;
    this.#upgrade = this.#prepare(join.silent);
  }

  /** Bytes received over the wire, by all its sockets so far. */
  get wireBytes(): number {
    return this.#wireBytesBefore + (this.#socket?.wireBytes ?? 0);
  }

  get isOpen(): boolean {
    return this.#socket !== null;
  }

  get isCompressed(): boolean {
    return this.#socket?.isCompressed ?? false;
  }

  connect(): void {
    this.#wireBytesBefore = this.wireBytes;
    this.view = this.#dialect.newView(this.#shared, this.#join.shown);
    const socket = new LeanWebSocket(this.#upgrade, {
      onOpen: () => {
        for (const frame of this.#dialect.greeting(this.#join)) socket.send(frame);
        this.#events.onOpen(this);
      },
      onMessage: (payload) => {
        const before = this.view.online;
        if (this.#options.parses) parse(payload);
        const reply = this.view.read(payload);
        this.#events.onTold(this, payload.length, before);
        if (reply !== null) socket.send(reply);
      },
      onClose: (refusal) => this.#events.onClosed(this, refusal),
    });
    this.#socket = socket;
    if (this.#join.silent) this.#upgrade = this.#prepare(false);
  }

  send(frame: Frame): void {
    this.#socket!.send(frame);
  }

  goAway(): void {
    this.#socket!.goAway();
  }

  drop(): void {
    this.#socket!.drop();
  }

  #prepare(silent: boolean): Upgrade {
    const path = this.#dialect.path({ ...this.#join, silent });
    const headers = this.#dialect.headers(this.#join);
    return { port: this.#join.port, path, headers, offersDeflate: this.#options.offersDeflate };
  }
}
