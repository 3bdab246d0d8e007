import type { Member } from "rollcall";

/** Replaces a room in an app's tests: it sends what the test tells it to. */
export class FakeSocket extends EventTarget {
  static latest: FakeSocket | undefined;
  readonly sent: string[] = [];

  constructor() {
    super();
    FakeSocket.latest = this;
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {}

  /** Admits the user as `self`, and sends the members. */
  admit(self: string, members: Member[]): void {
    const expiresAt = "2099-01-01T00:00:00.000Z";
    const online = members.filter(({ status }) => status !== "offline").length;
    const place = { room: "lobby", epoch: "test", version: 1 };
    this.#tell({ type: "welcome", self: { id: self, chosen: null }, heartbeat: 9, expiresAt });
    this.#tell({ type: "snapshot", ...place, online, connections: online, members });
  }

  #tell(frame: object): void {
    this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(frame) }));
  }
}
