import type { Ended, RoomObject } from "../room/room-object.ts";
import { inParallel } from "../platform/in-parallel.ts";
import { describeError, log } from "../log.ts";
import { callTwice } from "../platform/object-call.ts";
import { within } from "../platform/time-limit.ts";
import type { PendingCall, PendingCalls, RoomCall } from "./pending-calls.ts";
import type { Listing } from "./listing.ts";

/** How many rooms are asked at the same time: as many as a user may be in by default. */
export const ROOMS_AT_ONCE = 100;
/** A room that has not answered by then is called again. */
const ROOM_MS = 2_000;
/** At most 1,000 objects can be asked by one event on the platform, and each perhaps twice. */
const MAX_CALLS = 400;

interface NotifierParts {
  user: string;
  getRoom: (room: string) => DurableObjectStub<RoomObject>;
  listing: Listing;
  pending: PendingCalls;
}

/** How many connections were closed so far; it grows while rooms answer. */
export interface ClosedCount {
  closed: number;
}

/** Makes the pending calls to the rooms of a user, all at once: no room waits for another. */
export class Notifier {
  readonly #parts: NotifierParts;
  readonly #underWay = new Set<PendingCall>();

  constructor(parts: NotifierParts) {
    this.#parts = parts;
  }

  /** Makes the pending calls that are not under way, up to a limit; returns how many rooms answered. */
  async run(count: ClosedCount = { closed: 0 }): Promise<"all" | "some" | "none"> {
    const { pending, calls } = this.#take();
    for (const call of pending) this.#underWay.add(call);
    const answers = await inParallel(calls.slice(0, MAX_CALLS), ROOMS_AT_ONCE, async (call) => {
      const ended = await within(ROOM_MS, () => callTwice(() => this.#send(call)));
      count.closed += ended.closed;
      return ended;
    });
    // With no await in between: one commit, and no crash finds half of it.
    for (const [index, call] of calls.entries()) this.#note(call, answers[index]);
    for (const call of pending) {
      if (call.room === null) this.#parts.pending.done(call);
      this.#underWay.delete(call);
    }
    const answered = answers.filter(({ status }) => status === "fulfilled").length;
    if (answered === answers.length) return "all";
    return answered > 0 ? "some" : "none";
  }

  /** What to call now; a room that failed before must not keep a new call from the others. */
  #take(): { pending: PendingCall[]; calls: RoomCall[] } {
    const idle = this.#parts.pending.all().filter((call) => !this.#underWay.has(call));
    const again = idle.filter(({ room }) => room !== null);
    const pending = idle.filter(({ room }) => room === null);
    const calls = pending.flatMap((call) => this.#callsOf(call));
    for (const call of again.slice(0, Math.max(0, MAX_CALLS - calls.length))) {
      pending.push(call);
      calls.push(...this.#callsOf(call));
    }
    return { pending, calls };
  }

  /** The rooms that a call is for; a room that no longer knows the user has nothing to end. */
  #callsOf(call: PendingCall): RoomCall[] {
    const { listing, pending } = this.#parts;
    const { kind, room } = call;
    if (room === null) {
      const listed = kind === "forget" ? listing.known() : listing.rooms();
      return listed.map((entry) => ({ ...entry, call }));
    }
    const stamp = kind === "forget" ? listing.knownStampOf(room) : listing.stampOf(room);
    if (stamp === 0) pending.done(call);
    return stamp === 0 ? [] : [{ room, stamp, call }];
  }

  async #send({ room, call }: RoomCall): Promise<Ended> {
    const { user, getRoom, listing } = this.#parts;
    const stub = getRoom(room);
    const stamp = listing.stampOf(room);
    const { at, session } = call;
    if (call.kind === "forget") return stub.forget(user, { at, stamp });
    const ended = await stub.revoke(user, { session, at }, stamp);
    // A room of 0.1.0 reports by itself who left.
    return typeof ended === "number" ? { closed: ended, isHere: true, lastOnline: null } : ended;
  }

  #note({ room, stamp, call }: RoomCall, answer: PromiseSettledResult<Ended> | undefined): void {
    const { user, listing, pending } = this.#parts;
    // It may have been withdrawn meanwhile.
    const stands = pending.has(call);
    if (answer?.status === "fulfilled") {
      pending.done({ ...call, room });
      if (answer.value.isHere) return;
      if (call.kind === "forget") listing.drop(room, stamp);
      else listing.leave(room, stamp, answer.value.lastOnline);
      return;
    }
    if (stands) pending.add({ ...call, room });
    if (!answer) return;
    const reason = describeError(answer.reason);
    log("failure", { code: "room_unavailable", room, user, reason });
  }
}
