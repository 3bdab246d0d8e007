import { CLOSE } from "../../../protocol/close-codes.ts";
import type { ServerFrame } from "../../../protocol/messages.ts";
import type { RoomSession } from "../room-request.ts";
import {
  decodeAttachment,
  encodeAttachment,
  memberState,
  newAttachment,
  type Attachment,
  type NewAttachment,
} from "./attachment.ts";
import type { ConnectionRef } from "../members/changes.ts";
import type { Offences } from "./flood.ts";
import { SignInOrder } from "./sign-in-order.ts";
import { Reading } from "./reading.ts";
import { closeSocket } from "../../platform/close-socket.ts";

/** How long before a session's end its connection is told (SPEC T4), in milliseconds. */
const NOTICE_MS = 60_000;

/** One open socket. */
export class Connection {
  readonly ws: WebSocket;
  readonly #attachment: Attachment;
  /** When it last sent a frame that woke the room. */
  #heardAt: number;
  /** Times of the frames that were accepted lately (SPEC W12). */
  readonly accepted: number[] = [];
  readonly signIns = new SignInOrder();
  /** The last `watch` that the app's own rule is asked about (SPEC S6). */
  watching: Promise<void> | null = null;
  /** Whether its session is being renewed: what is due next is its end. */
  #isRenewing = false;
  readonly reading: Reading;
  /** Called when it owes a proof of reading, or more than before (SPEC W14). */
  onOwing: ((reading: Reading) => void) | null = null;
  #isReleased = false;

  private constructor(ws: WebSocket, attachment: Attachment, reading: Reading) {
    this.ws = ws;
    this.#attachment = attachment;
    this.#heardAt = attachment.heardAt;
    this.reading = reading;
  }

  /**
   * Takes on a socket.
   *
   * @throws Error where the session does not fit what a socket carries.
   */
  static open(ws: WebSocket, init: NewAttachment): Connection {
    const connection = new Connection(ws, newAttachment(init), Reading.begin());
    connection.#saveSession();
    return connection;
  }

  /** Finds the connection behind a socket that woke the room; `null` for one that is closing. */
  static wake(ws: WebSocket): Connection | null {
    const attachment = decodeAttachment(ws.deserializeAttachment());
    return (
      attachment && new Connection(ws, attachment, Reading.wake(attachment.owed, Math.random()))
    );
  }

  get id(): string {
    return this.#attachment.id;
  }
  get view(): Attachment["view"] {
    return this.#attachment.view;
  }
  /** How many its window shows beside those who are watched; `null` where it has none (SPEC S4). */
  get limit(): number | null {
    return this.view === "window" ? (this.#attachment.limit ?? 0) : null;
  }
  /** Whether nobody is present by it (SPEC S1). */
  get isWatcher(): boolean {
    return this.#attachment.watches === true;
  }
  /** Whether it is to be told of the room: not while it waits for a sign-in. */
  get isAdmitted(): boolean {
    return this.#attachment.state.is !== "waiting";
  }
  /** The origin it came to. */
  get origin(): string {
    return this.#attachment.origin;
  }
  /** The address it came from, as it is counted; `null` where that is not known. */
  get address(): string | null {
    return this.#attachment.address ?? null;
  }
  /** Whose it is; `null` of a stranger, and while it waits for a sign-in. */
  get session(): RoomSession | null {
    const { state } = this.#attachment;
    return state.is === "member" ? state.session : null;
  }
  get user(): string | undefined {
    return this.session?.user.id;
  }
  /** Its place in the roster; one that waits has none. */
  get ref(): ConnectionRef {
    return { user: this.user ?? "", connection: this.id };
  }
  get probedAt(): number | null {
    return this.#attachment.probedAt;
  }
  /** Call {@link save} after changing them. */
  get offences(): Offences {
    return this.#attachment.offences;
  }

  /** When time alone changes something: a notice, the session's end, the end of the waiting. */
  get dueAt(): number {
    const { state } = this.#attachment;
    if (state.is === "waiting") return state.until;
    if (state.is === "stranger") return Number.POSITIVE_INFINITY;
    const isNoticed = state.noticed || this.#isRenewing;
    return isNoticed ? state.session.expiresAt : state.session.expiresAt - NOTICE_MS;
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

  /**
   * Gives it to a session: the same user's, or as a connection of another id to somebody else.
   *
   * @throws Error where the session does not fit what a socket carries.
   */
  signIn(session: RoomSession, id = this.id): void {
    this.#isRenewing = false;
    this.#attachment.id = id;
    this.#attachment.state = memberState(session, this.#attachment.renews);
    this.#saveSession();
  }

  /** Parts it from its user; until `until` it may sign in again. */
  signOut(until: number): void {
    this.#attachment.state = { is: "waiting", until };
    this.save();
  }

  /** Notes that its session is being renewed, until {@link signIn} or {@link giveNotice}. */
  beginRenewal(): void {
    this.#isRenewing = true;
  }

  /** Tells that the session ends soon, once (SPEC T4). */
  giveNotice(): void {
    const { state } = this.#attachment;
    if (state.is !== "member") return;
    this.#isRenewing = false;
    state.noticed = true;
    this.save();
    this.send({ type: "expiring", expiresAt: new Date(state.session.expiresAt).toISOString() });
  }

  /** Has the notice sent again, where it was sent (SPEC T4). */
  noticeAgain(): void {
    const { state } = this.#attachment;
    if (state.is !== "member" || !state.noticed) return;
    state.noticed = false;
    this.save();
  }

  /** What was attached last is not this session: without it the socket would be another's. */
  #saveSession(): void {
    if (!this.save()) throw new Error("A session is too large for its socket.");
  }

  /** Writes what has changed where hibernation does not lose it; where it cannot fit, what was attached last stands. */
  save(): boolean {
    if (this.#isReleased) return true;
    this.#attachment.owed = this.reading.owed;
    const encoded = encodeAttachment(this.#attachment);
    if (encoded !== null) this.ws.serializeAttachment(encoded);
    return encoded !== null;
  }

  /** Sends a frame, or a text that is one. */
  send(frame: ServerFrame | string): void {
    const text = typeof frame === "string" ? frame : JSON.stringify(frame);
    try {
      this.ws.send(text);
    } catch {
      // A socket that is closing throws; its close event tells the room.
    }
    if (this.reading.count(text.length)) this.#askForProof();
  }

  /** Takes an `alive`; tells whether it proves that what came before its probe was read (SPEC W14). */
  proveReading(n: number): boolean {
    if (!this.reading.prove(n)) return false;
    this.save();
    if (this.reading.count(0)) this.#askForProof();
    return true;
  }

  #askForProof(): void {
    // Whoever knew `n` beforehand could answer without reading.
    const n = crypto.getRandomValues(new Uint32Array(1))[0]! + 1;
    const asks = this.reading.step(n, Date.now());
    try {
      this.save();
    } catch {
      // Others are told with it, and must hear it; its close event tells the room.
      return closeSocket(this.ws, CLOSE.fault, "internal");
    }
    if (asks) this.send({ type: "probe", n });
    this.onOwing?.(this.reading);
  }

  /** Parts it from its socket, which is to be closed: what still comes from there is nobody's. */
  release(): void {
    this.#isReleased = true;
    this.ws.serializeAttachment(null);
  }
}
