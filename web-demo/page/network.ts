import { signals } from "../../src/signals/index.ts";
import { addFrame } from "./frame-log.ts";

const sockets = new Set<NetworkSocket>();
const listeners = new Set<() => void>();
let isCut = false;

/** A WebSocket of this page, whose network can be cut, and whose frames are logged. */
class NetworkSocket extends WebSocket {
  readonly #room: string;
  #isDropped = false;

  constructor(url: string) {
    super(url);
    this.#room = decodeURIComponent(new URL(url).pathname.split("/").at(-1)!);
    this.addEventListener("message", ({ data }) => {
      if (!this.#isDropped) addFrame(this.#room, "received", String(data));
    });
    this.addEventListener("close", () => sockets.delete(this));
    sockets.add(this);
  }

  override send(text: string): void {
    addFrame(this.#room, "sent", text);
    super.send(text);
  }

  /**
   * To the page it is lost; the room sees a close without a reason, and keeps the place for a
   * while.
   */
  drop(): void {
    this.#isDropped = true;
    this.dispatchEvent(new CloseEvent("close", { code: 1006 }));
    this.close();
  }
}

/** What a page without a network gets: nothing of it reaches the room. */
class LostSocket extends EventTarget {
  readonly readyState = WebSocket.CLOSED;

  constructor() {
    super();
    setTimeout(() => this.dispatchEvent(new CloseEvent("close", { code: 1006 })));
  }

  send(): void {}
  close(): void {}
}

/** Called with `new`, as a class is. */
function openSocket(url: string): WebSocket | LostSocket {
  return isCut ? new LostSocket() : new NetworkSocket(url);
}

const networkFetch: typeof fetch = (input, init) =>
  isCut ? Promise.reject(new TypeError("The network is cut.")) : fetch(input, init);

/** How this page's rooms connect, beside their sign-in. */
export const ROOM_OPTIONS = { WebSocket: openSocket, fetch: networkFetch, signals };

/** Cuts or restores the network of this page's rooms, with the events of a browser. */
export function cutNetwork(cut: boolean): void {
  isCut = cut;
  if (cut) for (const socket of sockets) socket.drop();
  dispatchEvent(new Event(cut ? "offline" : "online"));
  for (const listener of listeners) listener();
}

export function isNetworkCut(): boolean {
  return isCut;
}

/** Resolves once the sockets that are open now are closed. */
export async function socketsClosed(): Promise<void> {
  await Promise.all(
    [...sockets].map(
      (socket) => new Promise((resolve) => socket.addEventListener("close", resolve)),
    ),
  );
}

export function subscribeToNetwork(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
