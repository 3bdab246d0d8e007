import type { Ended, RoomObject } from "../room/room-object.ts";
import { inParallel } from "../platform/in-parallel.ts";
import { describeError, log } from "../log.ts";
import { callTwice } from "../platform/object-call.ts";
import { within } from "../platform/time-limit.ts";
import type { Errand, Errands, Task } from "./errands.ts";
import type { Listing } from "./listing.ts";

/** How many rooms are asked at the same time: as many as a user may be in by default. */
export const ROOMS_AT_ONCE = 100;
/** A room that has not answered by then is told again. */
const ROOM_MS = 2_000;
/** At most 1,000 objects can be asked by one event on the platform, and each perhaps twice. */
const MAX_TASKS = 400;

interface TellerParts {
  user: string;
  getRoom: (room: string) => DurableObjectStub<RoomObject>;
  listing: Listing;
  errands: Errands;
}

/** How many connections were closed so far; it grows while rooms answer. */
export interface Tally {
  closed: number;
}

/** Tells rooms what they have yet to be told of a user, each by itself: none waits for another. */
export class Teller {
  readonly #parts: TellerParts;
  readonly #underWay = new Set<Errand>();

  constructor(parts: TellerParts) {
    this.#parts = parts;
  }

  /** Does all errands that are not being done, or as many as one event may; tells how many rooms answered. */
  async run(tally: Tally = { closed: 0 }): Promise<"all" | "some" | "none"> {
    const { errands, tasks } = this.#take();
    for (const errand of errands) this.#underWay.add(errand);
    const answers = await inParallel(tasks.slice(0, MAX_TASKS), ROOMS_AT_ONCE, async (task) => {
      const ended = await within(ROOM_MS, () => callTwice(() => this.#tell(task)));
      tally.closed += ended.closed;
      return ended;
    });
    // With no await in between: one commit, and no crash finds half of it.
    for (const [index, task] of tasks.entries()) this.#note(task, answers[index]);
    for (const errand of errands) {
      if (errand.room === null) this.#parts.errands.done(errand);
      this.#underWay.delete(errand);
    }
    const answered = answers.filter(({ status }) => status === "fulfilled").length;
    if (answered === answers.length) return "all";
    return answered > 0 ? "some" : "none";
  }

  /** What is to be done now; a room that failed before must not keep a new errand from the others. */
  #take(): { errands: Errand[]; tasks: Task[] } {
    const idle = this.#parts.errands.all().filter((errand) => !this.#underWay.has(errand));
    const again = idle.filter(({ room }) => room !== null);
    const errands = idle.filter(({ room }) => room === null);
    const tasks = errands.flatMap((errand) => this.#tasksOf(errand));
    for (const errand of again.slice(0, Math.max(0, MAX_TASKS - tasks.length))) {
      errands.push(errand);
      tasks.push(...this.#tasksOf(errand));
    }
    return { errands, tasks };
  }

  /** The rooms that an errand is for; one that does not know the user any more has nothing to end. */
  #tasksOf(errand: Errand): Task[] {
    const { listing, errands } = this.#parts;
    const { kind, room } = errand;
    if (room === null) {
      const listed = kind === "forget" ? listing.known() : listing.rooms();
      return listed.map((entry) => ({ ...entry, errand }));
    }
    const stamp = kind === "forget" ? listing.knownStampOf(room) : listing.stampOf(room);
    if (stamp === 0) errands.done(errand);
    return stamp === 0 ? [] : [{ room, stamp, errand }];
  }

  async #tell({ room, errand }: Task): Promise<Ended> {
    const { user, getRoom, listing } = this.#parts;
    const stub = getRoom(room);
    const stamp = listing.stampOf(room);
    const { at, session } = errand;
    if (errand.kind === "forget") return stub.forget(user, { at, stamp });
    const ended = await stub.revoke(user, { session, at }, stamp);
    // A room of 0.1.0 tells of who left by itself.
    return typeof ended === "number" ? { closed: ended, isHere: true, lastOnline: null } : ended;
  }

  #note({ room, stamp, errand }: Task, answer: PromiseSettledResult<Ended> | undefined): void {
    const { user, listing, errands } = this.#parts;
    // It may have been taken back meanwhile.
    const stands = errands.has(errand);
    if (answer?.status === "fulfilled") {
      errands.done({ ...errand, room });
      if (answer.value.isHere) return;
      if (errand.kind === "forget") listing.drop(room, stamp);
      else listing.leave(room, stamp, answer.value.lastOnline);
      return;
    }
    if (stands) errands.add({ ...errand, room });
    if (!answer) return;
    const reason = describeError(answer.reason);
    log("failure", { code: "room_unavailable", room, user, reason });
  }
}
