import { type JoinOptions, joinRoom, type RoomHandle, type RoomState } from "../client/index.ts";
import type { Data, Status } from "../protocol/messages.ts";

/**
 * The room of one provider, from before it is joined: rendering may happen on a server, or be thrown
 * away, so that only an effect may join.
 */
export class ProvidedRoom implements RoomHandle {
  readonly #listeners = new Set<() => void>();
  readonly #atFirst: RoomState;
  #handle: RoomHandle | null = null;

  constructor({ initial, autoJoin }: JoinOptions) {
    this.#atFirst = {
      connection: autoJoin === false ? "closed" : "connecting",
      members: initial?.members ?? [],
      self: null,
      online: initial?.online ?? 0,
      connections: initial?.connections ?? 0,
      error: null,
    };
  }

  /** Joins; returns what leaves. */
  enter(url: URL, options: JoinOptions): () => void {
    const handle = joinRoom(url, options);
    const unsubscribe = handle.subscribe(this.#tell);
    this.#handle = handle;
    this.#tell();
    return () => {
      unsubscribe();
      this.#handle = null;
      handle.leave();
    };
  }

  getSnapshot = (): RoomState => this.#handle?.getSnapshot() ?? this.#atFirst;

  /** What the server rendered, and the browser has to hydrate. */
  getServerSnapshot = (): RoomState => this.#atFirst;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  setStatus = (status: Status | null): void => this.#handle?.setStatus(status);

  setData = (data: Data | null): void => this.#handle?.setData(data);

  join = (): void => this.#handle?.join();

  leave = (): void => this.#handle?.leave();

  #tell = (): void => {
    for (const listener of this.#listeners) listener();
  };
}
