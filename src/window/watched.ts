import { type ClientFrame, MAX_WATCHED, type ServerFrame } from "../protocol/messages.ts";
import { isUserId } from "../protocol/user-id.ts";

/** The longest `watch` frame, in bytes (SPEC S5). */
const MAX_BYTES = 16_384;
/** The length of one without ids. */
const EMPTY_BYTES = 50;
/** The ids of `watch` frames, which the room's answers repeat. */
export const WATCH = "watch";

interface WatchFrame {
  type: "watch";
  remove: string[];
  add: string[];
  id: string;
}

/** The users that the handles of a connection watch, and those that the room was sent. */
export class Watched {
  readonly #ask: (all: string[]) => void;
  #told = new Set<string>();
  /** Whether the room's watch list may differ from what it was sent. */
  #isUnsure = false;

  /** `ask` adds all watched ids, and may add one twice. */
  constructor(ask: (all: string[]) => void) {
    this.#ask = ask;
  }

  /** Each id once, as many as the room accepts. */
  get ids(): string[] {
    return [...this.#all].slice(0, MAX_WATCHED);
  }

  /** The error if there are more, as the room would send it. */
  get error(): (ServerFrame & { type: "error" }) | null {
    const { size } = this.#all;
    if (size <= MAX_WATCHED) return null;
    const message = `Of ${size} watched ids the first ${MAX_WATCHED} are shown.`;
    return { type: "error", code: "too_many_watched", message };
  }

  /** Lets all watched ids be sent again; the `shown` ids that are not among them are removed first. */
  reset(shown: readonly { id: string }[] = []): void {
    this.#told = new Set(shown.map(({ id }) => id));
    this.#isUnsure = true;
  }

  /** The frame to send now. */
  take(): ClientFrame[] {
    const { ids } = this;
    const before = this.#told;
    const told = new Set(ids);
    this.#told = told;
    const remove = [...before].filter((id) => !told.has(id));
    const add = this.#isUnsure ? ids : ids.filter((id) => !before.has(id));
    this.#isUnsure = false;
    return framesOf(remove, add);
  }

  /** An invalid id belongs to nobody, and would get the whole frame refused. */
  get #all(): Set<string> {
    const all: string[] = [];
    this.#ask(all);
    return new Set(all.filter(isUserId));
  }
}

/** Splits a change into as few frames as fit. Removing first keeps each step within the limit. */
function framesOf(remove: string[], add: string[]): ClientFrame[] {
  const frames: WatchFrame[] = [];
  let bytes = Infinity;
  const put = (key: "remove" | "add", id: string) => {
    bytes += bytesOf(id);
    if (bytes > MAX_BYTES) {
      frames.push({ type: "watch", remove: [], add: [], id: WATCH });
      bytes = EMPTY_BYTES + bytesOf(id);
    }
    frames.at(-1)![key].push(id);
  };
  for (const id of remove) put("remove", id);
  for (const id of add) put("add", id);
  return frames;
}

/** How long an id is in a list, in bytes of JSON. */
export function bytesOf(id: string): number {
  return new Blob([JSON.stringify(id)]).size + 1;
}
