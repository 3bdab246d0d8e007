import { answerHeaders } from "../../answer.ts";
import { Refusal, type ErrorCode } from "../../errors.ts";
import { log } from "../../log.ts";
import { ADMISSION_STALE, LEASE_UNKNOWN } from "../room-request.ts";
import type { HoldRequest } from "../room-request.ts";
import { countFrame } from "./flood.ts";
import { updateMember } from "./frames.ts";
import { leaseEnd } from "../members/lease-session.ts";
import { admit, isStale, retract, sealJoiner, useTicket } from "./admission.ts";
import type { RoomState } from "../room-state.ts";

/** Presence by HTTP leases, which the roster treats like any connection (SPEC P1, P2). */
export class Leases {
  readonly #room: RoomState;
  /** The times of the requests accepted lately, by connection (SPEC W12). */
  readonly #accepted = new Map<string, number[]>();

  constructor(room: RoomState) {
    this.#room = room;
  }

  /**
   * Makes or renews a lease, and answers it with the room's state; {@link LEASE_UNKNOWN} if there is no
   * such lease.
   *
   * @throws Refusal if the session may not hold it.
   */
  hold(asked: HoldRequest, now: number): Response {
    const held = this.begin(asked, now);
    return held instanceof Response ? held : held.answer();
  }

  /**
   * Makes or renews a lease, like {@link hold}, and returns its user and what answers it: in a large
   * room the list has yet to include them.
   *
   * @throws Refusal if the session may not hold it.
   */
  begin(asked: HoldRequest, now: number): Response | { user: string; answer: () => Response } {
    const room = this.#room;
    const { requestId, ticket, lease } = asked;
    const { connection, isNew, update } = lease;
    const session = sealJoiner(room, asked.joiner, now);
    const user = session.user.id;
    const ref = { user, connection };
    const { staleMs } = room.config.limits;
    const leasedUntil = leaseEnd(now, staleMs, session.expiresAt);
    if (!isNew && !room.roster.holds(ref)) {
      return new Response(null, { status: LEASE_UNKNOWN });
    }
    if (isStale(room, session, now)) return new Response(null, { status: ADMISSION_STALE });
    const refused =
      this.#refuse(connection, now) ??
      (isNew
        ? admit(room, session, connection, now, {
            ticket,
            leasedUntil,
            idle: update.idle,
          })
        : useTicket(room, ticket));
    if (refused) throw new Refusal(refused, user);
    try {
      const endsAt = isNew ? leasedUntil : room.roster.renewLease(now, ref, session);
      this.#apply(asked, user, now);
      if (isNew) log("join", { room: room.name, user, connection, requestId });
      return { user, answer: () => this.#answer(asked, user, endsAt) };
    } catch (error) {
      if (isNew) retract(room, ref, null, now);
      throw error;
    }
  }

  #apply({ lease: { connection, update } }: HoldRequest, user: string, now: number): void {
    const room = this.#room;
    updateMember(room, user, update, now);
    if (update.idle !== undefined) room.roster.idle(now, { user, connection }, update.idle);
  }

  #answer(
    { requestId, since, window, lease: { token } }: HoldRequest,
    user: string,
    endsAt: number,
  ): Response {
    const room = this.#room;
    const answer = {
      lease: token,
      expiresAt: new Date(endsAt).toISOString(),
      self: { id: user, chosen: room.roster.chosenBy(user) },
    };
    const { texts } = room;
    const whole = () => (since ? texts.since(since) : texts.snapshot());
    const state = window ? texts.window(window, since ?? null) : whole();
    return new Response(`${JSON.stringify(answer).slice(0, -1)},"state":${state}}`, {
      headers: {
        ...answerHeaders(requestId),
        "Content-Type": "application/json; charset=utf-8",
        "Cache-Control": "no-store",
      },
    });
  }

  /**
   * Ends a lease, if there is one: with no grace period, unless its page closes (SPEC L4). Returns whether
   * there was one.
   */
  end(connection: string, closing: boolean, now: number): boolean {
    const room = this.#room;
    const user = room.roster.ownerOfLease(connection);
    if (user !== null) {
      const ref = { user, connection };
      if (closing) room.roster.lose(now, ref);
      else room.roster.end(now, ref, now);
      log("leave", { room: room.name, user, connection, reason: closing ? "closed" : "left" });
    }
    this.#accepted.delete(connection);
    return user !== null;
  }

  /** Limits the requests of a lease like the frames of a socket (SPEC W12). */
  #refuse(connection: string, now: number): ErrorCode | null {
    for (const [other, times] of this.#accepted) {
      if (times.at(-1)! >= now - this.#room.config.limits.staleMs) break;
      this.#accepted.delete(other);
    }
    const accepted = this.#accepted.get(connection) ?? [];
    // The latest comes last.
    this.#accepted.delete(connection);
    this.#accepted.set(connection, accepted);
    const verdict = countFrame(accepted, { bad: [], flooded: [] }, now);
    return verdict === "accept" ? null : "rate_limited";
  }
}
