import { useEffect, useState } from "react";
import type { Delta, Snapshot } from "../../src/protocol/messages.ts";
import { useConnection, useSelf } from "../../src/react/index.ts";
import { type SeenVersion, versionOf } from "./room-facts.ts";

/** A reload, and what others were told of it. */
export interface ReloadOutcome {
  afterMs: number;
  /** What the room is at now. */
  version: number;
  hasMoved: boolean;
  /** At most how many frames others were sent about this page's person; `null` for unknown. */
  told: number | null;
}

interface Reload extends SeenVersion {
  room: string;
  at: number;
}

/** The frames of one tab share the storage. */
const KEY = `reload ${location.pathname}`;

function takeReload(): Reload | null {
  const kept = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  return kept === null ? null : (JSON.parse(kept) as Reload);
}

/** The reload that made this page, if it was asked for below. */
const last = takeReload();

/** Reloads the page; the next one asks the room what happened meanwhile. */
export function reloadPage(room: string): void {
  const seen = versionOf(room);
  if (seen) {
    const reload: Reload = { room, ...seen, at: Date.now() };
    sessionStorage.setItem(KEY, JSON.stringify(reload));
  }
  location.reload();
}

export type Credential = () => Promise<Record<string, string>>;

/** What others were sent is what the room answers to whoever asks what changed since then. */
async function readOutcome(
  { room, epoch, version, at }: Reload,
  user: string,
  credential: Credential,
): Promise<ReloadOutcome> {
  const afterMs = Date.now() - at;
  const since = `/rooms/${room}?since=${epoch}.${version}`;
  const response = await fetch(since, { headers: await credential() });
  if (!response.ok) throw new Error(`The service answered ${response.status}`);
  const state = (await response.json()) as Delta | Snapshot;
  const hasMoved = state.epoch !== epoch || state.version !== version;
  return { afterMs, version: state.version, hasMoved, told: countTold(state, user) };
}

function countTold(state: Delta | Snapshot, user: string): number | null {
  if (state.type === "snapshot") return null;
  const isConcerned = state.set.some(({ id }) => id === user) || state.gone.includes(user);
  return isConcerned ? state.version - state.from : 0;
}

/** What came of the reload that made this page, once it is known. */
export function useReloadOutcome(room: string, credential: Credential): ReloadOutcome | null {
  const user = useSelf()?.id;
  const isOnline = useConnection() === "online";
  const [outcome, setOutcome] = useState<ReloadOutcome | null>(null);
  const isDue = last?.room === room && isOnline && outcome === null;

  useEffect(() => {
    if (!isDue || user === undefined) return;
    let isOver = false;
    readOutcome(last, user, credential).then(
      (read) => {
        if (!isOver) setOutcome(read);
      },
      // A page that is lost again has other things to say.
      () => {},
    );
    return () => {
      isOver = true;
    };
  }, [isDue, user, credential]);

  return outcome;
}
