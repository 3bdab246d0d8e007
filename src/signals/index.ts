import type { RoomSignals } from "../client/options.ts";
import type { Signalling } from "../client/types.ts";
import { signalFrame } from "./signal-frame.ts";
import { SignalOutbox } from "./signal-outbox.ts";

/** Handles that share a connection share its limit. */
const outboxes = new WeakMap<Signalling, SignalOutbox>();

function outboxOf(connection: Signalling): SignalOutbox {
  const known = outboxes.get(connection);
  if (known) return known;
  const outbox = new SignalOutbox(connection);
  outboxes.set(connection, outbox);
  return outbox;
}

/**
 * Lets `room.signal` send: the option `signals` of `joinRoom` or a provider.
 *
 * @example
 * const room = joinRoom("/rooms/lobby", { signals });
 * room.signal("cursor", { x: 0.5, y: 0.25 });
 */
export const signals: RoomSignals = (current) => ({
  signal(name, data, { to } = {}) {
    const frame = signalFrame(name, data, to);
    const connection = current();
    if (connection?.isWatcher) throw new TypeError("signal: a watcher cannot signal.");
    if (connection) outboxOf(connection).put(frame);
  },
});

export type { RoomSignals };
