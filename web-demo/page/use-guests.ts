import { useEffect, useState } from "react";
import { joinRoom, type RoomHandle } from "../../src/client/index.ts";
import { windowOf } from "../../src/window/index.ts";
import { LARGE_ROOM } from "../large.ts";
import { TEAM, type Teammate } from "../team.ts";

/** How many come at once. */
export const GUESTS = 12;
const CHANGE_MS = 1200;
const CHOICES = ["busy", null, "away", null] as const;

async function tokenFor({ id }: Teammate): Promise<string> {
  const response = await fetch(`/demo/guest?teammate=${id}`, { method: "POST" });
  if (!response.ok) throw new Error(`The service answered ${response.status}`);
  return ((await response.json()) as { token: string }).token;
}

/** A person with a sign-in and a socket of their own, who is the same after a reconnect. */
function enter(mate: Teammate): RoomHandle {
  let token: Promise<string> | undefined;
  const getToken = () => {
    token ??= tokenFor(mate).catch((error: unknown) => {
      token = undefined;
      throw error;
    });
    return token;
  };
  return joinRoom(`/rooms/${LARGE_ROOM}`, { getToken, window: windowOf({ limit: 0 }) });
}

const any = <Item>(items: readonly Item[]): Item =>
  items[Math.floor(Math.random() * items.length)]!;

/** People who come from this page, change their status now and then, and leave with it. */
export function useGuests(): { guests: number; come(): void; go(): void } {
  const [guests, setGuests] = useState<readonly RoomHandle[]>([]);

  useEffect(() => {
    if (guests.length === 0) return;
    const leave = () => {
      for (const guest of guests) guest.leave();
    };
    const timer = setInterval(() => any(guests).setStatus(any(CHOICES)), CHANGE_MS);
    addEventListener("pagehide", leave);
    return () => {
      clearInterval(timer);
      removeEventListener("pagehide", leave);
      leave();
    };
  }, [guests]);

  function come() {
    const start = Math.floor(Math.random() * TEAM.length);
    const mates = Array.from({ length: GUESTS }, (_, n) => TEAM[(start + n * 17) % TEAM.length]!);
    setGuests(mates.map(enter));
  }

  return { guests: guests.length, come, go: () => setGuests([]) };
}
