import { log } from "../log.ts";
import type { Departure } from "../user/user-object.ts";
import { tellLeft } from "../user/user-stub.ts";
import type { Changes } from "./members/changes.ts";
import { nothingFollows, type Errand } from "./errand.ts";
import type { RoomState } from "./room-state.ts";
import { orWriteFailure } from "./storage/write-failure.ts";

/** How long a busy room gathers what it writes, in milliseconds; each commit waits for the disk. */
const GATHER_MS = 20;

/** What is left to do after a turn. */
export interface TurnEnd {
  /** Work that has begun, and must keep the room awake. */
  errands: Errand[];
  /** When the next turn is due while the room is awake, in milliseconds; `Infinity` for never. */
  nextAt: number;
}

/**
 * The end of every event: writes what changed, at once in a quiet room and gathered in a busy one,
 * then sends the replies that waited for it, then broadcasts what is due, then sets the alarm. No
 * await stands in between: the platform sends nothing before the writes that precede it are durable.
 */
export class Turns {
  readonly #room: RoomState;
  #writtenAt = Number.NEGATIVE_INFINITY;

  constructor(room: RoomState) {
    this.#room = room;
  }

  /**
   * Ends an event. `durable`: what it changed is stored when this returns.
   *
   * @throws WriteFailure
   */
  end(now: number, durable: boolean): TurnEnd {
    const room = this.#room;
    const errands: Errand[] = [];
    if (room.roster.isChanged && (durable || this.#isCommitDue(now))) {
      errands.push(...orWriteFailure(() => this.#commit(now)));
    }
    room.answeredDepartures.clear();
    const isStored = !room.roster.isChanged;
    if (isStored) {
      room.replies.release((error) => room.logFault(error));
      errands.push(...this.#tellOutside(now));
      if (room.isEmpty) this.#vacate();
      if (room.broadcaster.dueAt(now) <= now) this.#broadcast(now);
    }
    room.alarm.wakeBy(room.dueAt);
    const commitAt = isStored ? Number.POSITIVE_INFINITY : this.#writtenAt + GATHER_MS;
    const nextAt = Math.min(commitAt, room.broadcaster.dueAt(now), room.outside.sendAt);
    return { errands, nextAt };
  }

  #isCommitDue(now: number): boolean {
    const waitMs = this.#writtenAt + GATHER_MS - now;
    // A clock that was set back must not stop the room.
    if (waitMs <= 0 || waitMs > GATHER_MS) return true;
    return this.#room.broadcaster.dueAt(now) <= now;
  }

  /** Writes what changed, and hands it to those who tell of it. */
  #commit(now: number): Errand[] {
    const { roster, store, outside, broadcaster, barriers } = this.#room;
    const errands: Errand[] = [];
    roster.passChanges((changes) => {
      if (store.write(changes, roster.epoch, roster.floor)) this.#writtenAt = now;
      outside.note(changes, roster, now);
      broadcaster.note(changes.visible.keys());
      this.#countGhosts(changes);
      for (const departure of changes.departed) errands.push(...this.#depart(departure, now));
      for (const user of changes.forgotten) barriers.raiseForgotten(user, now);
    });
    return errands;
  }

  /** Tells others than the room's sockets; a fault in that keeps nobody else waiting. */
  #tellOutside(now: number): Errand[] {
    const { outside, roster, store } = this.#room;
    try {
      const errands = outside.send(roster, now);
      const dead = outside.takeDead();
      if (dead > 0) store.count("dead", dead);
      return errands;
    } catch (error) {
      this.#room.logFault(error);
      return [];
    }
  }

  #broadcast(now: number): void {
    try {
      this.#room.broadcaster.flush(now);
    } catch (error) {
      this.#room.logFault(error);
    }
  }

  /** Counts what was removed without a goodbye, where somebody can ask for it. */
  #countGhosts({ expired }: Changes): void {
    const room = this.#room;
    for (const { user, connection } of expired) {
      log("leave", { room: room.name, user, connection, reason: "stale" });
    }
    const ghosts = room.ghosts + expired.length;
    room.ghosts = 0;
    if (ghosts > 0 && room.config.serverKeys.length > 0) room.store.count("ghosts", ghosts);
  }

  /** Tells the user's object that a member has left; one forgotten too soon leaves a barrier. */
  #depart(departure: Departure, now: number): Errand[] {
    const { name, config, barriers, answeredDepartures } = this.#room;
    const { user, stamp } = departure;
    if (config.users === null || stamp === 0) return [];
    barriers.noteDeparture(user, stamp, now);
    if (answeredDepartures.has(user)) return [];
    return [tellLeft(config.users, name, departure).then(() => nothingFollows)];
  }

  /**
   * Keeps nothing of a room that nobody is known in; whoever comes next begins a new epoch (SPEC
   * L5). What others were not told yet is kept for so long.
   */
  #vacate(): void {
    const { outside, store, barriers, tickets, alarm } = this.#room;
    const { needs } = outside;
    if (needs === "room") return;
    const isKnown = store.exists;
    if (needs === "outbox") {
      if (isKnown) orWriteFailure(() => store.clearMembers());
    } else if (isKnown || barriers.exists || outside.isStored) {
      orWriteFailure(() => store.clear());
      barriers.clear();
      tickets.clear();
      outside.clear();
      alarm.unset();
    }
    if (isKnown) this.#room.begin();
  }
}
