import type { ClientFrame, Member, ServerFrame } from "../../src/protocol/messages.ts";

/** The other end of a client's socket, controlled by the test. */
export class FakeSocket extends EventTarget {
  static readonly opened: FakeSocket[] = [];
  readonly url: URL;
  readonly openedAt = Date.now();
  /** When each `ping` came. */
  readonly pings: number[] = [];
  /** What else the client has sent. */
  readonly frames: ClientFrame[] = [];
  /** The code that the client closed it with; `"open"` while it has not. */
  closedWith: number | "open" | undefined = "open";
  /** The reason that the client gave. */
  closedFor: string | undefined;
  /** Whether the room takes signals. */
  takesSignals = true;
  /** Whether a `ping` stays unanswered. */
  isMute = false;
  readyState = 0;

  constructor(url: string) {
    super();
    this.url = new URL(url);
    FakeSocket.opened.push(this);
  }

  send(text: string): void {
    if (text === "ping") {
      this.pings.push(Date.now());
      if (!this.isMute) queueMicrotask(() => this.pong());
    } else this.frames.push(JSON.parse(text) as ClientFrame);
  }

  close(code?: number, reason?: string): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.closedWith = code;
    this.closedFor = reason;
  }

  /** Welcomes the client, and sends it the room. */
  welcome(...members: Member[]): void {
    this.welcomeAs("ada", ...members);
  }

  welcomeAs(id: string, ...members: Member[]): void {
    this.readyState = 1;
    this.tell({
      type: "welcome",
      protocol: 1,
      room: "lobby",
      connection: "c",
      self: { id, chosen: null },
      heartbeat: 15,
      expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
      ...(this.takesSignals && { signals: true }),
    });
    const counts = { online: members.length, connections: members.length };
    this.tell({ type: "snapshot", room: "lobby", epoch: "e", version: 1, ...counts, members });
  }

  tell(frame: ServerFrame): void {
    this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(frame) }));
  }

  pong(): void {
    this.dispatchEvent(new MessageEvent("message", { data: "pong" }));
  }

  /** Ends the connection, by the room or in the network. */
  end(code: number, reason: string): void {
    this.readyState = 3;
    this.dispatchEvent(new CloseEvent("close", { code, reason, wasClean: code !== 1006 }));
  }
}
