import { useEffect, useSyncExternalStore } from "react";
import type { Status } from "../../src/protocol/messages.ts";
import { useMember, useSelf } from "../../src/react/index.ts";
import { toldAbout } from "./room-facts.ts";

/** What a page shows of a person. */
interface Sight {
  status: Status;
  /** How many frames about them it was sent. */
  told: number;
}

/** A page to the one on the other side of the frame. */
interface Message {
  from: { id: string; name: string };
  /** What it shows of the other page's person, once it knows who that is. */
  sight: Sight | null;
}

/** How the person of the other page sees this page's. */
export interface Witness extends Sight {
  name: string;
}

const listeners = new Set<() => void>();
let frame: HTMLIFrameElement | null = null;
let heard: Message | null = null;

function hear(message: Message | null): void {
  heard = message;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The second viewer in this page, or `null` when it is removed. */
export function setViewer(element: HTMLIFrameElement | null): void {
  frame = element;
  if (element === null) hear(null);
}

/** The page that shows this one, or is shown in it. */
function otherWindow(): Window | null {
  return frame?.contentWindow ?? (parent === window ? null : parent);
}

addEventListener("message", ({ origin, source, data }: MessageEvent) => {
  if (origin !== location.origin || source !== otherWindow()) return;
  if (typeof data === "object" && "from" in data) hear(data as Message);
});

/** Tells the page on the other side what this one sees, and returns what that one does. */
export function useWitness(room: string): Witness | null {
  const message = useSyncExternalStore(subscribe, () => heard);
  const me = useMember(useSelf()?.id);
  const other = useMember(message?.from.id);
  const isKnown = message !== null;
  const isSeen = isKnown && message.sight !== null;
  const { id, name } = me ?? {};

  useEffect(() => {
    if (id === undefined || name === undefined) return;
    const sight = other && { status: other.status, told: toldAbout(room, other.id) };
    const mine: Message = { from: { id, name }, sight: sight ?? null };
    otherWindow()?.postMessage(mine, location.origin);
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- a page that has just come is told anew
  }, [room, id, name, other, isKnown, isSeen]);

  return message?.sight ? { name: message.from.name, ...message.sight } : null;
}
