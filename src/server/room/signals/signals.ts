import type { ClientFrame } from "../../../protocol/messages.ts";
import type { Broadcaster } from "../broadcaster.ts";
import type { Connection } from "../connections/connection.ts";
import type { Connections } from "../connections/connections.ts";
import type { Roster } from "../members/roster.ts";
import { mayHear } from "./may-hear.ts";
import { SignalLimit } from "./signal-limit.ts";
import { SignalTexts } from "./signal-texts.ts";

const MIN_GATHER_MS = 33;
const MAX_GATHER_MS = 1_000;
/**
 * So that deliveries take a quarter of the room's time, like changes (SPEC V2); of a long text, a
 * character takes 0.8 ns.
 */
const GATHER_MS_PER_CONNECTION = 0.1;
const GATHER_MS_PER_CHARACTER = 4e-6;
/** What one sending puts into the buffers of all sockets, in characters. */
const MAX_SENT = 8 * 1024 * 1024;
/** What may be gathered however many connections there are. */
const MIN_GATHERED = 2 * 1024;

/** A signal that waits to be sent. */
interface Waiting {
  /** As JSON. */
  text: string;
  to: readonly string[] | undefined;
}

/** The parts of a room that decide who hears whom. */
interface Audience {
  readonly connections: Connections;
  readonly roster: Roster;
  readonly broadcaster: Broadcaster;
}

/** The signals of one connection by name. */
interface Sender {
  user: string;
  byName: Map<string, Waiting>;
}

/** How long to gather signals after `sent` characters went to each of so many connections. */
export function signalGatherMs(connections: number, sent: number): number {
  const socketsMs = connections * GATHER_MS_PER_CONNECTION;
  const textMs = connections * sent * GATHER_MS_PER_CHARACTER;
  return Math.min(MAX_GATHER_MS, Math.max(MIN_GATHER_MS, socketsMs, textMs));
}

/**
 * The signals of a room: gathered for a moment, sent to the others and forgotten (SPEC G1, G2).
 */
export class Signals {
  readonly #limits = new WeakMap<Connection, SignalLimit>();
  readonly #senders = new Map<Connection, Sender>();
  /** The length of all that waits. */
  #length = 0;
  #sentAt = Number.NEGATIVE_INFINITY;
  #gatherMs = 0;

  limitOf(connection: Connection): SignalLimit {
    const known = this.#limits.get(connection);
    if (known) return known;
    const limit = new SignalLimit();
    this.#limits.set(connection, limit);
    return limit;
  }

  /** Whether to drop a message of a flood; decided without parsing it, and without a turn. */
  ignores(connection: Connection, message: string | ArrayBuffer, now: number): boolean {
    const limit = this.#limits.get(connection);
    if (typeof message !== "string" || !limit?.ignores(now)) return false;
    if (message.startsWith('{"type":"signal"')) return true;
    // Only parsing it would show whether it is a signal, and in a flood few are parsed.
    return message.includes('"signal"') && !limit.reads(now);
  }

  /**
   * Replaces the connection's last signal of this name; returns `false` if too much is waiting for a
   * room of so many connections.
   */
  put(
    connection: Connection,
    user: string,
    { name, data = null, to }: Extract<ClientFrame, { type: "signal" }>,
    connections: number,
  ): boolean {
    const text = JSON.stringify({ from: user, connection: connection.id, name, data });
    const known = this.#senders.get(connection);
    // The connection may have signed in as somebody else meanwhile.
    const byName = known?.user === user ? known.byName : new Map<string, Waiting>();
    const length = this.#length + text.length - (byName.get(name)?.text.length ?? 0);
    if (length > Math.max(MIN_GATHERED, MAX_SENT / connections)) return false;
    this.#length = length;
    // Those that are sent keep the order in which they came.
    byName.delete(name);
    byName.set(name, { text, to });
    this.#senders.set(connection, { user, byName });
    return true;
  }

  /** When {@link send} is due; `Infinity` if nothing waits. */
  dueAt(now: number): number {
    if (this.#senders.size === 0) return Number.POSITIVE_INFINITY;
    const dueAt = this.#sentAt + this.#gatherMs;
    // If the clock is set back, signals must still be sent.
    return dueAt - now > this.#gatherMs ? now : dueAt;
  }

  /** Sends what waits, except the signals of those who left or hid meanwhile (SPEC G3). */
  send({ connections, roster, broadcaster }: Audience, now: number): void {
    const texts = new SignalTexts<Connection>();
    for (const [connection, { user, byName }] of this.#senders) {
      const isHere = connections.get(connection.ws) === connection && connection.user === user;
      if (!isHere || !roster.isShown(user)) continue;
      const waiting = [...byName.values()];
      texts.add(
        connection,
        waiting.filter(({ to }) => !to).map(({ text }) => text),
      );
      for (const { text, to } of waiting) {
        for (const receiver of new Set(to))
          texts.addFor(connections.of(receiver), connection, text);
      }
    }
    for (const connection of texts.isForAll ? connections : texts.receivers) {
      if (!mayHear(connection, broadcaster)) continue;
      const text = texts.for(connection);
      if (text !== null) connection.send(text);
    }
    this.#sentAt = now;
    this.#gatherMs = signalGatherMs(connections.size, this.#length);
    this.#length = 0;
    this.#senders.clear();
  }
}
