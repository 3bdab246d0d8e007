import type { JoinOptions } from "../client/options.ts";
import type { PollAnswer, PollBody } from "../client/polling.ts";
import { RoomConnection } from "../client/room-connection.ts";
import type { Emitted } from "../client/events.ts";
import { AGAIN_MS } from "../client/times.ts";
import type { Member, ServerFrame, WatchedCounts } from "../protocol/messages.ts";
import { mergeReads, readUrls } from "./reads.ts";
import { bytesOf, WATCH, Watched } from "./watched.ts";

/** The total length of watched ids in the body of a poll. */
const MAX_BODY_BYTES = 12_288;

/** A connection with a window (SPEC S4), and the users that its handles watch (S5). */
export class WindowConnection extends RoomConnection {
  readonly #limit: number;
  readonly #watched = new Watched((all) => super.emit("watched", all));
  /** Whether the room could not judge the list just now. */
  #waits = false;
  /** The ids shown before the last change. */
  #before: readonly Member[] = [];

  constructor(url: string, options: JoinOptions) {
    super(url, options);
    this.#limit = options.window!.limit;
  }

  /** A window is requested whole: it is small, and may no longer show what was watched before. */
  override nextUrl(): URL {
    const url = super.nextUrl();
    url.searchParams.delete("since");
    url.searchParams.set("view", "window");
    url.searchParams.set("limit", String(this.#limit));
    if (this.#watched.ids.length > 0) url.searchParams.set("watch", "later");
    return url;
  }

  override onFrame(frame: ServerFrame): void {
    this.#before = this.state.members;
    if (frame.type === "error") {
      const isDropped = frame.code === "rate_limited";
      if (isDropped || frame.id === WATCH) this.#watched.reset(this.state.members);
      if (isDropped || frame.code === "session_unavailable") this.#tellLater();
    }
    super.onFrame(frame);
    if (frame.type !== "welcome") return;
    this.#watched.reset();
    this.#waits = false;
    this.#tellWatched();
  }

  /** A state that arrives, or a change of the list, must not ask the app's rule before. */
  #tellLater(): void {
    this.#waits = true;
    setTimeout(() => {
      this.#waits = false;
      this.pace.due();
    }, AGAIN_MS);
  }

  override settle(id: string | undefined): boolean {
    return id === WATCH ? !this.#watched.error : super.settle(id);
  }

  override flush(): void {
    super.flush();
    if (this.state.connection === "online") this.#tellWatched();
  }

  #tellWatched(): void {
    if (this.#waits) return;
    for (const frame of this.#watched.take()) this.send(frame);
    const { error } = this.#watched;
    if (error) super.onFrame(error);
  }

  override pollBody(): PollBody {
    const { since: _, ...body } = super.pollBody();
    return { ...body, limit: this.#limit, watch: fitting(this.#watched.ids) };
  }

  override onAnswer(answer: PollAnswer): void {
    this.#before = this.state.members;
    super.onAnswer(answer);
    const { watching } = answer as Partial<WatchedCounts>;
    if (watching !== undefined) super.onFrame({ type: "watching", watching });
  }

  /** A polling watcher reads the room in several requests. */
  override fetch(url: URL, request?: RequestInit): Promise<Response> {
    const isPoll = this.isWatcher && !url.search.includes("fields=");
    return isPoll ? this.#read(url, request) : super.fetch(url, request);
  }

  async #read(room: URL, request?: RequestInit): Promise<Response> {
    const urls = readUrls(room, this.#limit, this.#watched.ids);
    // Each request counts, so that a long watch list does not cause too many.
    for (const _ of urls) this.pace.count();
    const responses = await Promise.all(urls.map((url) => super.fetch(url, request)));
    const failed = responses.find(({ ok }) => !ok);
    if (failed) return failed;
    const [counts, ...windows] = await Promise.all(responses.map((response) => response.json()));
    return new Response(JSON.stringify(mergeReads(counts, windows)));
  }

  /** A member who enters or leaves the window has not come or gone (SPEC K15). */
  override emit(...emitted: Emitted): void {
    const isNew = emitted[0] === "join" && !isAmong(this.#before, emitted[1]);
    const isCut = emitted[0] === "leave" && !isAmong(this.state.members, emitted[1]);
    if (!isNew && !isCut) super.emit(...emitted);
  }
}

/** As many ids as fit: the service reads 16 KiB of a body, which has other keys, too. */
function fitting(ids: string[]): string[] {
  let bytes = 0;
  return ids.filter((id) => {
    bytes += bytesOf(id);
    return bytes <= MAX_BODY_BYTES;
  });
}

function isAmong(members: readonly Member[], member: Member): boolean {
  return members.some(({ id }) => id === member.id);
}
