import { CLOSE } from "../../../protocol/close-codes.ts";
import type { ServerFrame } from "../../../protocol/messages.ts";
import type { RoomSession } from "../../session/room-session.ts";
import {
  decodeAttachment,
  encodeAttachment,
  memberState,
  newAttachment,
  type Attachment,
  type NewAttachment,
} from "./attachment.ts";
import { readBrief, type Brief } from "./brief.ts";
import type { ConnectionRef } from "../members/changes.ts";
import type { Offences } from "./flood.ts";
import { SignInOrder } from "./sign-in-order.ts";
import { Backlog } from "./backlog.ts";
import { closeSocket } from "../../platform/close-socket.ts";

/** How long before its end a session's connection gets notice (SPEC T4), in milliseconds. */
const NOTICE_MS = 60_000;

/** One open socket. */
export class Connection {
  readonly ws: WebSocket;
  #known: Attachment | null;
  /** What is known of an attachment that is not parsed yet. */
  #brief: Brief | null = null;
  /** When it last sent a frame that woke the room. */
  #heardAt: number;
  /** The times of the frames accepted lately (SPEC W12). */
  readonly accepted: number[] = [];
  readonly signIns = new SignInOrder();
  /** The check of its last `watch` by the app's own rule (SPEC S6); `null` for none. */
  watching: Promise<void> | null = null;
  /** Whether its session is being renewed: then its end is due next. */
  #isRenewing = false;
  /** Until when a session that the service has renewed needs no renewal, however soon it ends. */
  #restsUntil = Number.NEGATIVE_INFINITY;
  readonly backlog: Backlog;
  /** Called when it owes a proof of reading, or owes more than before (SPEC W14). */
  onOwing: ((backlog: Backlog) => void) | null = null;
  #isReleased = false;

  private constructor(ws: WebSocket, attachment: Attachment | Brief, backlog: Backlog) {
    this.ws = ws;
    this.#known = "state" in attachment ? attachment : null;
    if (!("state" in attachment)) this.#brief = attachment;
    this.#heardAt = attachment.heardAt;
    this.backlog = backlog;
  }

  /**
   * Makes the connection of a new socket.
   *
   * @throws Error if the session does not fit into the socket's attachment.
   */
  static open(ws: WebSocket, init: NewAttachment): Connection {
    const connection = new Connection(ws, newAttachment(init), Backlog.begin());
    connection.#saveSession();
    return connection;
  }

  /** Restores the connection of a socket after hibernation; `null` for one that is closing. */
  static wake(ws: WebSocket): Connection | null {
    const attached: unknown = ws.deserializeAttachment();
    const brief = readBrief(attached);
    if (brief) return new Connection(ws, brief, Backlog.wake(null, Math.random()));
    const attachment = decodeAttachment(attached);
    return (
      attachment && new Connection(ws, attachment, Backlog.wake(attachment.owed, Math.random()))
    );
  }

  get #attachment(): Attachment {
    return this.#known ?? this.#parse();
  }

  #parse(): Attachment {
    this.#known ??= decodeAttachment(this.ws.deserializeAttachment())!;
    this.#brief = null;
    return this.#known;
  }

  get id(): string {
    return this.#brief?.id ?? this.#attachment.id;
  }
  get view(): Attachment["view"] {
    return this.#brief ? "delta" : this.#attachment.view;
  }
  /** How many members its window shows beside the watched ones; `null` without a window (SPEC S4). */
  get limit(): number | null {
    return this.view === "window" ? (this.#attachment.limit ?? 0) : null;
  }
  /** Whether it makes nobody present (SPEC S1). */
  get isWatcher(): boolean {
    return !this.#brief && this.#attachment.watches === true;
  }
  /** Whether the person is away from it (SPEC W9). */
  get isIdle(): boolean {
    return !this.#brief && this.#attachment.idle === true;
  }
  /** When a place of the room was last lost, if that was noted here; `null` if not. */
  get lossAt(): number | null {
    return this.#brief ? null : (this.#attachment.lossAt ?? null);
  }
  /** Whether it receives the room's state: not while it waits for a sign-in. */
  get isAdmitted(): boolean {
    return this.#brief !== null || this.#attachment.state.is !== "waiting";
  }
  /** The origin of the service that it connected to. */
  get origin(): string {
    return this.#attachment.origin;
  }
  /** The address it came from, as it is counted; `null` if unknown. */
  get address(): string | null {
    return this.#attachment.address ?? null;
  }
  /** Its user; `null` for a stranger, and while it waits for a sign-in. */
  get session(): RoomSession | null {
    const { state } = this.#attachment;
    return state.is === "member" ? state.session : null;
  }
  get user(): string | undefined {
    return this.#brief?.user ?? this.session?.user.id;
  }
  /** Its place in the roster; a waiting connection has none. */
  get ref(): ConnectionRef {
    return { user: this.user ?? "", connection: this.id };
  }
  get probedAt(): number | null {
    return this.#brief ? null : this.#attachment.probedAt;
  }
  /** Call {@link save} after changing them. */
  get offences(): Offences {
    return this.#attachment.offences;
  }

  /** When something is due: the notice, the session's end, or the end of the wait for a sign-in. */
  get dueAt(): number {
    if (this.#brief && !this.#isRenewing) return this.#brief.expiresAt - NOTICE_MS;
    const { state } = this.#attachment;
    if (state.is === "waiting") return state.until;
    if (state.is === "stranger") return Number.POSITIVE_INFINITY;
    const isNoticed = state.noticed || this.#isRenewing;
    const { expiresAt } = state.session;
    return isNoticed ? expiresAt : Math.max(expiresAt - NOTICE_MS, this.#restsUntil);
  }

  /** The last sign of life, including pings that did not wake the room. */
  heardAt(pingedAt: Date | null): number {
    return Math.max(this.#heardAt, pingedAt?.getTime() ?? 0);
  }

  /** Notes a frame; hibernation must not forget one that answers a probe (SPEC L2). */
  heard(now: number): void {
    this.#heardAt = now;
    if (this.#attachment.probedAt === null) return;
    this.#attachment.probedAt = null;
    this.#attachment.heardAt = now;
    this.save();
  }

  setIdle(idle: boolean): void {
    if (idle === this.isIdle) return;
    this.#attachment.idle = idle;
    this.save();
  }

  /** Notes when a place of the room was last lost; returns whether that survives hibernation. */
  noteLoss(at: number): boolean {
    const before = this.#attachment.lossAt;
    if (before === at) return true;
    this.#attachment.lossAt = at;
    try {
      if (this.save()) return true;
    } catch {
      // A closing socket throws.
    }
    this.#attachment.lossAt = before ?? Number.NEGATIVE_INFINITY;
    return false;
  }

  probe(now: number): void {
    this.#attachment.probedAt = now;
    this.save();
    this.send({ type: "probe" });
  }

  /**
   * Sets its session: a newer one of the same user, or, with another connection id, another user's.
   *
   * @throws Error if the session does not fit into the socket's attachment.
   */
  signIn(session: RoomSession, id = this.id): void {
    this.#isRenewing = false;
    this.#restsUntil = Number.NEGATIVE_INFINITY;
    if (id !== this.id) this.#attachment.idle = false;
    this.#attachment.id = id;
    const { signedInLimit } = this.#attachment;
    if (signedInLimit !== undefined) this.#attachment.limit = signedInLimit;
    delete this.#attachment.signedInLimit;
    this.#attachment.state = memberState(session, this.#attachment.renews);
    this.#saveSession();
  }

  /** Removes its session; until `until` it may sign in again. */
  signOut(until: number): void {
    this.#attachment.state = { is: "waiting", until };
    this.save();
  }

  /** Notes that its session is being renewed, until {@link signIn} or {@link giveNotice}. */
  beginRenewal(): void {
    this.#isRenewing = true;
  }

  /** Notes that its session, which was just renewed, is to be renewed again at this time at the earliest. */
  restUntil(time: number): void {
    this.#restsUntil = time;
  }

  /** Marks the notice of its session's end as given (SPEC T4); returns the frame to send. */
  giveNotice(): ServerFrame | null {
    const { state } = this.#attachment;
    if (state.is !== "member") return null;
    this.#isRenewing = false;
    state.noticed = true;
    this.save();
    return { type: "expiring", expiresAt: new Date(state.session.expiresAt).toISOString() };
  }

  /** Allows the notice to be sent once more (SPEC T4). */
  noticeAgain(): void {
    const { state } = this.#attachment;
    if (state.is !== "member" || !state.noticed) return;
    state.noticed = false;
    this.save();
  }

  /**
   * The last attachment holds the previous session. If this one is not saved, the socket would
   * belong to the wrong user.
   */
  #saveSession(): void {
    if (!this.save()) throw new Error("A session is too large for its socket.");
  }

  /**
   * Saves the state so that it survives hibernation; if it does not fit, the last attachment stays.
   */
  save(): boolean {
    if (this.#isReleased) return true;
    this.#attachment.owed = this.backlog.owed;
    const encoded = encodeAttachment(this.#attachment);
    if (encoded !== null) this.ws.serializeAttachment(encoded);
    return encoded !== null;
  }

  /** Sends a frame, or one as text. */
  send(frame: ServerFrame | string): void {
    const text = typeof frame === "string" ? frame : JSON.stringify(frame);
    try {
      this.ws.send(text);
    } catch {
      // A closing socket throws; the room gets its close event.
    }
    if (this.backlog.count(text.length)) this.#askForProof();
  }

  /** Takes an `alive`; returns whether it proves that all before its probe was read (SPEC W14). */
  proveReading(n: number): boolean {
    if (!this.backlog.prove(n)) return false;
    this.save();
    if (this.backlog.count(0)) this.#askForProof();
    return true;
  }

  #askForProof(): void {
    // A client that could guess `n` could answer without reading.
    const n = crypto.getRandomValues(new Uint32Array(1))[0]! + 1;
    const asks = this.backlog.step(n, Date.now());
    try {
      this.save();
    } catch {
      // Other connections get the same frame and must still receive it. This socket's close event
      // informs the room.
      return closeSocket(this.ws, CLOSE.fault, "internal");
    }
    if (asks) this.send({ type: "probe", n });
    this.onOwing?.(this.backlog);
  }

  /** Detaches it from its socket before that is closed: later frames from there are ignored. */
  release(): void {
    this.#parse();
    this.#isReleased = true;
    this.ws.serializeAttachment(null);
  }
}
