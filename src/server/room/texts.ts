import { isSame, type Since } from "../../protocol/since.ts";
import type { ListHolder } from "./members/seen-list.ts";
import type { AskedWindow } from "./room-request.ts";
import { readWindow } from "./windows/read-window.ts";

/** The texts of a room's list, for clients and for readers over HTTP. */
export class RoomTexts {
  readonly #room: string;
  #holder: ListHolder;
  readonly #watchers: { readonly watching: number };
  /** The last snapshot's text; it depends on the state alone. */
  #snapshot: { state: Since; text: string } | null = null;

  constructor(room: string, holder: ListHolder, watchers: { readonly watching: number }) {
    this.#room = room;
    this.#holder = holder;
    this.#watchers = watchers;
  }

  /** Switches to another list. */
  follow(holder: ListHolder): void {
    this.#holder = holder;
  }

  /** The epoch and version of the list. */
  get state(): Since {
    return this.#holder.list.state;
  }

  /** The number of watchers (SPEC S2). */
  get watching(): number {
    return this.#watchers.watching;
  }

  /** The whole room as JSON (SPEC R3). */
  snapshot(): string {
    const { list } = this.#holder;
    const { state } = list;
    if (this.#snapshot === null || !isSame(this.#snapshot.state, state)) {
      const text = `${this.counts().slice(0, -1)},"members":[${list.members().join()}]}`;
      this.#snapshot = { state, text };
    }
    return this.#snapshot.text;
  }

  /** The counts alone (SPEC R6). */
  counts(): string {
    const { state, online, connections } = this.#holder.list;
    const { epoch, version } = state;
    const room = this.#room;
    return JSON.stringify({ type: "snapshot", room, epoch, version, online, connections });
  }

  /** The counts, and the number of watchers (SPEC S2). */
  watchedCounts(): string {
    return `${this.counts().slice(0, -1)},"watching":${this.watching}}`;
  }

  /** A part of the list in the order of ids (SPEC S7). */
  page({ after, limit }: { after: string; limit: number }): string {
    const page = this.#holder.list.page(after, limit);
    const next = JSON.stringify(page.after);
    return `${this.counts().slice(0, -1)},"members":[${page.members.join()}],"after":${next}}`;
  }

  /** A window of the room, or the answer that it has not changed (SPEC S4). */
  window(window: AskedWindow, since: Since | null): string {
    return readWindow(this.#room, this.#holder, window, since);
  }

  /** What changed since, or the snapshot if the room cannot tell (SPEC R6, V4). */
  since(since: Since): string {
    const changed = this.#holder.list.changedSince(since);
    return changed === null ? this.snapshot() : this.delta(since.version, changed);
  }

  /** The changed entries of the list, and the ids that left it (SPEC W5). */
  delta(from: number, changed: Iterable<string>): string {
    const { list } = this.#holder;
    const { state, online, connections } = list;
    const { epoch, version } = state;
    const set: string[] = [];
    const gone: string[] = [];
    for (const id of changed) {
      const member = list.member(id);
      if (member === undefined) gone.push(id);
      else set.push(member);
    }
    const head = JSON.stringify({ type: "delta", epoch, from, version, online, connections });
    return `${head.slice(0, -1)},"set":[${set.join()}],"gone":${JSON.stringify(gone)}}`;
  }
}
