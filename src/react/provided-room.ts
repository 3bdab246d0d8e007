import {
  type Data,
  type JoinOptions,
  joinRoom,
  type RoomHandle,
  type RoomState,
  type Status,
} from "../client/index.ts";
import { stateOf } from "../client/state.ts";

/**
 * The room of one provider, from before it is joined: rendering may happen on a server, or be thrown
 * away, so that only an effect may join.
 */
export class ProvidedRoom implements RoomHandle {
  readonly #url: string;
  readonly #options: JoinOptions;
  readonly #atFirst: RoomState;
  readonly #listeners = new Set<() => void>();
  #handle: RoomHandle | null = null;

  constructor(url: string, options: JoinOptions) {
    this.#url = url;
    this.#options = options;
    const joins = options.autoJoin !== false;
    this.#atFirst = stateOf(joins ? "connecting" : "closed", options.initial);
  }

  /** Joins; returns what leaves. */
  enter = (): (() => void) => {
    const handle = joinRoom(this.#url, this.#options);
    const unsubscribe = handle.subscribe(this.#tell);
    this.#handle = handle;
    this.#tell();
    return () => {
      unsubscribe();
      this.#handle = null;
      handle.leave();
    };
  };

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

  /** Unlike the handle's own, tells what renders the room. */
  leave = (): void => {
    this.#handle?.leave();
    this.#tell();
  };

  #tell = (): void => {
    for (const listener of this.#listeners) listener();
  };
}
