import type { Dialect, Shared, View } from "./dialect.ts";
import { DiffsView } from "./diffs.ts";

/** The diffs come over a channel; the list is asked for once that is subscribed to. */
class SocketClusterView implements View {
  readonly #diffs: DiffsView;
  #isReady = false;

  constructor(shared: Shared) {
    this.#diffs = new DiffsView(shared);
  }

  get online(): number {
    return this.#diffs.online;
  }
  get changed(): readonly number[] {
    return this.#diffs.changed;
  }

  read(payload: Buffer): string | null {
    // An empty message is a ping, and also its answer.
    if (payload.length === 0) return "";
    this.#diffs.read(payload);
    if (this.#isReady || !payload.toString("latin1", 0, 16).includes('"rid":1')) return null;
    this.#isReady = true;
    return JSON.stringify([
      { event: "#subscribe", data: { channel: "presence" }, cid: 2 },
      { event: "list", cid: 3 },
    ]);
  }
}

export const socketCluster: Dialect = {
  path: ({ user, silent }) => `/socketcluster/?user=${user}${silent ? "&silent=1" : ""}`,
  headers: () => [],
  greeting: () => ['{"event":"#handshake","data":{"authToken":null},"cid":1}'],
  becomeBusy: () => '{"event":"status","data":"busy"}',
  newView: (shared) => new SocketClusterView(shared),
};
