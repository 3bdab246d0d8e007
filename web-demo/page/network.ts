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
    if (isCut) this.close();
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

const networkFetch: typeof fetch = (input, init) =>
  isCut ? Promise.reject(new TypeError("The network is cut.")) : fetch(input, init);

/** The WebSocket class for the rooms of this page. */
export const NETWORK = { WebSocket: NetworkSocket, fetch: networkFetch };

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

export function subscribeToNetwork(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
