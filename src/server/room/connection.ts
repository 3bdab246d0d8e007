import type { ServerFrame } from "../../protocol/messages.ts";
import type { Offences } from "./flood.ts";
import type { ConnectionRef } from "./roster.ts";

/** What a socket carries through hibernation; times are milliseconds since 1970. */
interface Attachment {
  id: string;
  user: string;
  /** A sign of life: when it opened, or answered its last probe with a frame. */
  heardAt: number;
  expiresAt: number;
  view: "delta" | "snapshot";
  probedAt: number | null;
  offences: Offences;
}

/** One open socket of a member. */
export class Connection {
  readonly ws: WebSocket;
  readonly #attachment: Attachment;
  /** When it last sent a frame that woke the room. */
  #heardAt: number;
  /** Times of the frames that were accepted lately (SPEC W12). */
  readonly accepted: number[] = [];

  private constructor(ws: WebSocket, attachment: Attachment) {
    this.ws = ws;
    this.#attachment = attachment;
    this.#heardAt = attachment.heardAt;
  }

  /** Takes on a socket that was just accepted. */
  static open(
    ws: WebSocket,
    init: Pick<Attachment, "id" | "user" | "heardAt" | "expiresAt" | "view">,
  ): Connection {
    const connection = new Connection(ws, {
      ...init,
      probedAt: null,
      offences: { bad: [], flooded: [] },
    });
    connection.save();
    return connection;
  }

  /** Finds the connection behind a socket that woke the room; `null` for one that is closing. */
  static wake(ws: WebSocket): Connection | null {
    const attachment = ws.deserializeAttachment() as Attachment | null;
    return attachment && new Connection(ws, attachment);
  }

  get id(): string {
    return this.#attachment.id;
  }
  get user(): string {
    return this.#attachment.user;
  }
  /** Its place in the roster. */
  get ref(): ConnectionRef {
    return { user: this.user, connection: this.id };
  }
  get view(): "delta" | "snapshot" {
    return this.#attachment.view;
  }
  get expiresAt(): number {
    return this.#attachment.expiresAt;
  }
  get probedAt(): number | null {
    return this.#attachment.probedAt;
  }
  /** Call {@link save} after changing them. */
  get offences(): Offences {
    return this.#attachment.offences;
  }

  /** The last sign of life, pings that did not wake the room included. */
  heardAt(pingedAt: Date | null): number {
    return Math.max(this.#heardAt, pingedAt?.getTime() ?? 0);
  }

  /** Notes a frame; one that answers a probe must not be forgotten in hibernation (SPEC L2). */
  heard(now: number): void {
    this.#heardAt = now;
    if (this.#attachment.probedAt === null) return;
    this.#attachment.probedAt = null;
    this.#attachment.heardAt = now;
    this.save();
  }

  probe(now: number): void {
    this.#attachment.probedAt = now;
    this.save();
    this.send({ type: "probe" });
  }

  /** Writes what has changed where hibernation does not lose it. */
  save(): void {
    this.ws.serializeAttachment(this.#attachment);
  }

  /** Sends a frame, or a text that is one. */
  send(frame: ServerFrame | string): void {
    try {
      this.ws.send(typeof frame === "string" ? frame : JSON.stringify(frame));
    } catch {
      // A socket that is closing throws; its close event tells the room.
    }
  }

  /** Closes from the room's side; the socket belongs to no connection from here on. */
  close(code: number, reason: string): void {
    this.ws.serializeAttachment(null);
    closeSocket(this.ws, code, reason);
  }
}

/**
 * Closes a socket with a code as the peer may have used it. The platform does not answer a close by
 * itself, and throws for the codes that never go over the wire: 1005, 1006 and 1015 (SPEC W13).
 */
export function closeSocket(ws: WebSocket, code: number, reason: string): void {
  const allowed = code === 1000 || (code >= 3000 && code <= 4999);
  try {
    ws.close(allowed ? code : 1000, reason);
  } catch {
    // Closed already.
  }
}
