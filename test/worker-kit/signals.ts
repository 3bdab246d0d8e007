import type { Signal } from "../../src/protocol/messages.ts";
import { framesOf, settle } from "./window.ts";
import { welcomeOf, type Peer } from "./peer.ts";

/** The signals that a peer has got so far, in order. */
export function signalsOf(peer: Peer): Signal[] {
  return framesOf(peer, "signals").flatMap((frame) => (frame as { signals: Signal[] }).signals);
}

/** Waits until a peer has got a signal of this name. */
export async function untilSignal(peer: Peer, name: string): Promise<Signal> {
  await peer.until(() => signalsOf(peer).some((signal) => signal.name === name));
  return signalsOf(peer).find((signal) => signal.name === name)!;
}

/** How a peer's signal arrives at the others. */
export function signalOf(sender: Peer, name: string, data: unknown = null): Signal {
  const { self, connection } = welcomeOf(sender);
  return { from: self.id, connection, name, data };
}

let marks = 0;

/**
 * Waits until all signals that were sent before have arrived, or will never arrive: one of `sender`
 * to everybody comes after them, as the room sends what it has gathered together.
 */
export async function settleSignals(sender: Peer, ...receivers: Peer[]): Promise<void> {
  const name = `mark-${++marks}`;
  await settle(sender);
  sender.send({ type: "signal", name });
  await Promise.all(receivers.map((receiver) => untilSignal(receiver, name)));
}

/** The signals that a peer has got, without those of {@link settleSignals}. */
export function heardBy(peer: Peer): Signal[] {
  return signalsOf(peer).filter(({ name }) => !name.startsWith("mark-"));
}
