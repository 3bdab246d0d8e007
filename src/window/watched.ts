import { type ClientFrame, MAX_WATCHED, type ServerFrame } from "../protocol/messages.ts";
import { isUserId } from "../protocol/user-id.ts";

/** The longest `watch` frame, in bytes (SPEC S5). */
const MAX_BYTES = 16_384;
/** What the room's answers to `watch` frames are known by. */
export const WATCH = "watch";

/** Whom the handles of a connection watch, and whom the room was told to. */
export class Watched {
  readonly #ask: (all: string[]) => void;
  #told = new Set<string>();

  /** `ask` adds the ids of all that is watched, and may add one twice. */
  constructor(ask: (all: string[]) => void) {
    this.#ask = ask;
  }

  /** Each of them once, as many as the room takes. */
  get ids(): string[] {
    return [...this.#all].slice(0, MAX_WATCHED);
  }

  /** What is wrong where there are more, as the room would say it. */
  get error(): (ServerFrame & { type: "error" }) | null {
    const { size } = this.#all;
    if (size <= MAX_WATCHED) return null;
    const message = `Of ${size} watched ids the first ${MAX_WATCHED} are shown.`;
    return { type: "error", code: "too_many_watched", message };
  }

  /** The room watches nobody, or of whom it shows: those who are to be are to be sent again. */
  reset(shown: readonly { id: string }[] = []): void {
    const all = this.#all;
    this.#told = new Set(shown.map(({ id }) => id).filter((id) => !all.has(id)));
  }

  /** What to tell the room now. */
  take(): ClientFrame[] {
    const { ids } = this;
    const before = this.#told;
    const told = new Set(ids);
    this.#told = told;
    const remove = [...before].filter((id) => !told.has(id));
    const add = ids.filter((id) => !before.has(id));
    return framesOf(remove, add);
  }

  /** What cannot be a user's id is nobody, and would have a whole frame refused. */
  get #all(): Set<string> {
    const all: string[] = [];
    this.#ask(all);
    return new Set(all.filter(isUserId));
  }
}

/** As few as are short enough. Halved alike, they let nobody be one too many in between. */
function framesOf(remove: string[], add: string[]): ClientFrame[] {
  if (remove.length + add.length === 0) return [];
  const frame = { type: "watch", remove, add, id: WATCH } as const;
  if (new Blob([JSON.stringify(frame)]).size <= MAX_BYTES) return [frame];
  const [r, a] = [remove.length / 2, add.length / 2];
  return [
    ...framesOf(remove.slice(0, r), add.slice(0, a)),
    ...framesOf(remove.slice(r), add.slice(a)),
  ];
}
