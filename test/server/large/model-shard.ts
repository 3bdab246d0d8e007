import type { Replica } from "../../../src/client/replica.ts";
import { Client } from "../room/model-client.ts";
import type { Config } from "../../../src/server/config/config.ts";
import type { ShardCalls } from "../../../src/server/large/messages.ts";
import { adopt, comeTo, keptOf, release } from "../../../src/server/large/take-over.ts";
import { takeUpdate } from "../../../src/server/large/take-update.ts";
import { admit, admitWatcher, welcome } from "../../../src/server/room/connections/admission.ts";
import { Connection } from "../../../src/server/room/connections/connection.ts";
import { drop } from "../../../src/server/room/connections/leave.ts";
import { sweep } from "../../../src/server/room/connections/sweep.ts";
import { RoomState } from "../../../src/server/room/room-state.ts";
import type { RunTurn } from "../../../src/server/room/task.ts";
import { TurnEnd } from "../../../src/server/room/turn-end.ts";

/** A client with a window of a large room. */
export class WindowClient extends Client {
  readonly limit: number;
  readonly isMember: boolean;
  readonly watched = new Set<string>();
  watching: number | null = null;
  hasWatched = false;
  /** Called after each state, with what it held before. */
  onState: ((client: WindowClient, before: Replica | null) => void) | null = null;
  constructor(user: string, limit: number, isMember: boolean) {
    super(user);
    this.limit = limit;
    this.isMember = isMember;
  }
  override receive(text: string) {
    const frame = JSON.parse(text) as { type: string; watching: number };
    if (frame.type === "watching") this.watching = frame.watching;
    const before = this.roll;
    const state = super.receive(text);
    if (state) this.onState?.(this, before);
    return state;
  }
}

/** A real shard with its turns and its storage, but with fake sockets and calls. */
export class ModelShard {
  readonly name: string;
  readonly #storage: DurableObjectStorage;
  readonly #config: Config;
  clients: WindowClient[] = [];
  #room: RoomState;
  #turnEnd: TurnEnd;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #alarm: ReturnType<typeof setTimeout> | null = null;
  #nextAt = Number.POSITIVE_INFINITY;
  #tasks = 0;
  #started = 0;
  #connections = 0;
  readonly #onTurn: () => void;

  /** `onTurn` is called after each turn. */
  constructor(name: string, storage: DurableObjectStorage, config: Config, onTurn: () => void) {
    void storage.deleteAll();
    this.name = name;
    this.#storage = storage;
    this.#config = config;
    this.#onTurn = onTurn;
    this.#room = this.#begin([]);
    this.#turnEnd = new TurnEnd(this.#room);
  }

  get room(): RoomState {
    return this.#room;
  }

  get calls(): ShardCalls {
    return {
      tell: async (update) => this.turn((now) => takeUpdate(this.#room, update, now), true),
      speak: async (asked) => this.turn(() => this.#room.link?.speak(asked), true),
      recall: async (shards) => this.turn(() => this.#room.link!.copy.recall(shards), true),
      takeOver: async (user, of) =>
        this.turn(() => {
          this.#room.link!.noteGeneration(of);
          return keptOf(this.#room, user);
        }, true),
      release: async (user, movedLease) =>
        this.turn((now) => release(this.#room, user, movedLease, now), true),
    };
  }

  #begin(sockets: WebSocket[]): RoomState {
    clearTimeout(this.#timer);
    this.#started++;
    const { sql } = this.#storage;
    const storage = {
      sql: { exec: (...query: [string]) => sql.exec(...query) },
      deleteAll: () => this.#storage.deleteAll(),
      setAlarm: async (at: number) => {
        clearTimeout(this.#alarm);
        this.#alarm = setTimeout(() => this.#wake(), Math.max(0, at - Date.now()));
      },
    } as unknown as DurableObjectStorage;
    this.#room = new RoomState({
      name: this.name,
      config: this.#config,
      storage,
      pingedAt: () => new Date(),
    });
    this.#turnEnd = new TurnEnd(this.#room);
    this.turn((now) => this.#room.wake(sockets, now), true);
    return this.#room;
  }

  #wake(): void {
    this.#room.alarm.unset();
    this.turn((now) => sweep(this.#room, now), true);
  }

  turn<Result>(act: (now: number) => Result, durable = false): Result {
    const now = Date.now();
    this.#room.advance(now);
    const result = act(now);
    this.#nextAt = this.#turnEnd.run(now, durable);
    clearTimeout(this.#timer);
    if (this.#nextAt !== Number.POSITIVE_INFINITY) {
      this.#timer = setTimeout(() => this.turn(() => {}), Math.max(0, this.#nextAt - now));
    }
    const started = this.#started;
    const run: RunTurn = (act) => (started === this.#started ? this.turn(act) : undefined);
    for (let task = this.#room.tasks.shift(); task; task = this.#room.tasks.shift()) {
      this.#tasks++;
      void task(run).finally(() => this.#tasks--);
    }
    this.#onTurn();
    return result;
  }

  /** Ends it like a crash: the sockets are cut, and what was not stored is lost. */
  crash(): WindowClient[] {
    const cut = this.clients.splice(0);
    for (const client of cut) client.connection = null;
    this.#begin([]);
    return cut;
  }

  /** Hibernates if it may. */
  sleep(): void {
    this.turn(() => {}, true);
    if (this.#nextAt !== Number.POSITIVE_INFINITY || this.#tasks > 0) return;
    this.#begin(this.clients.map(({ socket }) => socket!));
    for (const client of this.clients) {
      client.connection = this.#room.connections.get(client.socket!) ?? null;
    }
  }

  /** Joins like a request of the Worker; returns whether it was admitted. */
  async join(client: WindowClient): Promise<boolean> {
    const { user, isMember } = client;
    try {
      const kept = isMember ? await comeTo(this.#room, user, () => this.turn(() => {})) : [];
      if (kept.length > 0) this.turn((now) => adopt(this.#room, user, kept, now));
      if (kept.length > 0) this.#room.link!.releaseWhenIncluded(user);
    } catch {
      return false;
    }
    return this.turn((now) => this.#join(client, now));
  }

  #join(client: WindowClient, now: number): boolean {
    const { user, isMember, limit } = client;
    const id = `${this.name} ${++this.#connections}`;
    const session = { user: { id: user }, roles: [], issuedAt: now, expiresAt: now + 1e9 };
    const room = this.#room;
    const refused = isMember ? admit(room, session, id, now) : admitWatcher(room, session);
    if (refused) return false;
    client.watched.clear();
    // A watch list ends with its connection: what the client holds may be of users it watched.
    if (client.hasWatched) client.roll = null;
    client.hasWatched = false;
    client.connection = Connection.open(
      client.open(() => {}),
      {
        id,
        view: "window",
        limit,
        ...(!isMember && { watches: true }),
        origin: "https://presence.example.com",
        renews: false,
        session,
        heardAt: now,
      },
    );
    welcome(room, client.connection, session, client.roll, now);
    this.clients.push(client);
    return true;
  }

  /** Cuts a client off: for good, or by a loss. */
  cut(client: WindowClient, how: "leave" | "lose"): void {
    this.clients = this.clients.filter((other) => other !== client);
    const connection = client.connection!;
    client.connection = null;
    this.turn((now) => {
      drop(this.#room, connection, how === "leave" ? "left" : "closed");
      if (how === "leave") this.#room.roster.end(now, connection.ref, now);
      else this.#room.roster.lose(now, connection.ref);
    });
  }
}
