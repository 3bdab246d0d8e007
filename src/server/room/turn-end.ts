import { log } from "../log.ts";
import type { Departure } from "../user/user-object.ts";
import { tellLeft } from "../user/user-stub.ts";
import { keepLosses } from "./connections/loss-time.ts";
import { releaseOthers } from "../large/take-over.ts";
import type { Changes } from "./members/changes.ts";
import type { RoomState } from "./room-state.ts";
import { orWriteFailure } from "./storage/write-failure.ts";

/**
 * How long a busy room gathers its writes, in milliseconds: each commit waits for the disk. It
 * delays no broadcast, since one that is due commits first.
 */
const GATHER_MS = 50;
/** With more connections, a broadcast takes much longer than another turn, which is 0.1 ms of CPU. */
const MANY = 50;

/**
 * The end of every event: writes the changes, at once in a quiet room and gathered in a busy one,
 * then sends the replies that waited for the write, then broadcasts what is due, then sets the
 * alarm. There is no await in between: the platform sends nothing before earlier writes are
 * durable.
 */
export class TurnEnd {
  readonly #room: RoomState;
  #writtenAt = Number.NEGATIVE_INFINITY;
  /** Whether the last turn postponed its broadcast to the next one. */
  #isPostponed = false;

  constructor(room: RoomState) {
    this.#room = room;
  }

  /**
   * Ends an event. `durable`: its changes are stored when this returns. Returns when the next turn is
   * due while the room is awake, in milliseconds; `Infinity` for never.
   *
   * @throws WriteFailure
   */
  run(now: number, durable: boolean): number {
    const room = this.#room;
    keepLosses(room.roster.losses, room.connections, now);
    if (room.isChanged && (durable || this.#isCommitDue(now))) {
      orWriteFailure(() => this.#commit(now));
    }
    const isStored = !room.isChanged;
    if (isStored && room.partedWatchers.size > 0) this.#partWatchers(now);
    room.answeredDepartures.clear();
    if (isStored) {
      const hasReplied = room.replies.release((error) => room.logFault(error));
      this.#orLog(() => this.#report(now));
      if (room.isEmpty) this.#vacate();
      this.#orLog(() => this.#reportToHub(now));
      if (room.broadcaster.dueAt(now) <= now && !this.#postponesBroadcast(hasReplied)) {
        this.#orLog(() => room.broadcaster.flush(now));
      }
    }
    this.#sendSignals(now);
    room.alarm.wakeBy(room.dueAt);
    const commitAt = isStored ? Number.POSITIVE_INFINITY : this.#writtenAt + GATHER_MS;
    const reportAt = room.occupancy?.reportAt ?? Number.POSITIVE_INFINITY;
    const signalAt = room.signals?.dueAt(now) ?? Number.POSITIVE_INFINITY;
    const hubAt = room.link && isStored ? room.link.dueAt(now) : Number.POSITIVE_INFINITY;
    return Math.min(commitAt, room.broadcaster.dueAt(now), reportAt, signalAt, hubAt);
  }

  /**
   * Whether a broadcast that is due is postponed to a turn that follows at once. The platform sends what
   * a turn wrote when the turn has ended, so a reply would wait for the broadcast to a large room.
   */
  #postponesBroadcast(hasReplied: boolean): boolean {
    this.#isPostponed = hasReplied && !this.#isPostponed && this.#room.connections.size > MANY;
    return this.#isPostponed;
  }

  /** Signals are not stored, so they wait for no commit. */
  #sendSignals(now: number): void {
    const { signals } = this.#room;
    if (signals && signals.dueAt(now) <= now) this.#orLog(() => signals.send(this.#room, now));
  }

  /** Logs an error while notifying some receivers, so that it does not stop the others. */
  #orLog(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.#room.logFault(error);
    }
  }

  #isCommitDue(now: number): boolean {
    const waitMs = this.#writtenAt + GATHER_MS - now;
    // If the clock is set back, the room must still commit.
    if (waitMs <= 0 || waitMs > GATHER_MS) return true;
    return this.#room.broadcaster.dueAt(now) <= now;
  }

  /** Writes the changes, and passes them to webhooks, broadcaster and barriers. */
  #commit(now: number): void {
    const { roster, store, webhooks, broadcaster, barriers } = this.#room;
    this.#writeWatchLists(now);
    roster.passChanges((changes) => {
      store.write(changes, roster.list.epoch, roster.list.floor);
      // What nobody sees delays nothing that others see, or they could tell that it happened (SPEC M3).
      if (changes.visible.size > 0) this.#writtenAt = now;
      webhooks?.note(changes.visible, roster.list, now);
      (this.#room.link ?? broadcaster).note(changes.visible.keys());
      this.#countGhosts(changes);
      for (const departure of changes.departed) this.#depart(departure, now);
      for (const user of changes.forgotten) barriers.raiseForgotten(user, now);
    });
  }

  #writeWatchLists(now: number): void {
    const { watchLists, watchTable } = this.#room;
    if (!watchLists.isChanged) return;
    watchLists.passChanges((changed) => watchTable.write(changed));
    this.#writtenAt = now;
  }

  /** In a shard of a large room: reports what changed, and queues joiners for their first state. */
  #reportToHub(now: number): void {
    const { link, broadcaster } = this.#room;
    if (link === null) return;
    for (const [waiter, since] of link.settle(now)) {
      if ("resolve" in waiter) waiter.resolve();
      else broadcaster.show(waiter, since);
    }
    this.#room.start(link.report(now));
    for (const [user, movedLease] of link.takeReleased()) {
      this.#room.start(() => releaseOthers(this.#room, user, movedLease));
    }
  }

  /** Sends the reports that are due to the list of rooms and to the app's backend. */
  #report(now: number): void {
    const { occupancy, webhooks, roster, store } = this.#room;
    occupancy?.note(roster.list, now);
    this.#room.start(occupancy?.report(now));
    this.#room.start(webhooks?.send(now));
    const dead = webhooks?.takeDead() ?? 0;
    if (dead > 0) store.count("dead", dead);
  }

  /** Counts the connections that were removed as stale, if a backend can ask for the count. */
  #countGhosts({ expired }: Changes): void {
    const room = this.#room;
    for (const { user, connection } of expired) {
      log("leave", { room: room.name, user, connection, reason: "stale" });
    }
    const ghosts = room.ghosts + expired.length;
    room.ghosts = 0;
    if (ghosts > 0 && room.config.serverKeys.length > 0) room.store.count("ghosts", ghosts);
  }

  /** Reports to the user's object that a member has left. */
  #depart(departure: Departure, now: number): void {
    const { name, config, connections, barriers, answeredDepartures, link, isInUse } = this.#room;
    const { users } = config;
    const { user, stamp } = departure;
    // The user's object must still reach the connections that only watch.
    if (users === null || stamp === 0 || connections.watchingOf(user) > 0) return;
    // The user may be in an object of another generation, or in one that keeps the room now; the user's
    // object asks.
    const mayBeElsewhere = !isInUse || (link !== null && link.otherGenerations.length > 0);
    if (mayBeElsewhere) return barriers.noteDeparture(user, stamp, now);
    barriers.noteDeparture(user, stamp, now);
    if (!answeredDepartures.has(user)) this.#room.start(() => tellLeft(users, name, departure));
  }

  /** Reports the departure of watchers who have no connection left. */
  #partWatchers(now: number): void {
    const { partedWatchers, roster } = this.#room;
    for (const [user, stamp] of partedWatchers) {
      partedWatchers.delete(user);
      if (this.#room.isHere(user)) continue;
      const lastOnline = roster.find(user)?.lastOnline ?? null;
      this.#depart({ user, stamp: Math.max(stamp, roster.stampOf(user)), lastOnline }, now);
    }
  }

  /**
   * Deletes the storage of a room without members; the next member begins a new epoch (SPEC L5).
   * Messages that are still to be sent are kept until they are sent.
   */
  #vacate(): void {
    const { occupancy, webhooks, store, barriers, tickets, alarm } = this.#room;
    const { watchLists, watchTable } = this.#room;
    if (occupancy?.isSettled === false) return;
    const isKnown = store.exists;
    if (webhooks?.outbox.isEmpty === false || !watchLists.isEmpty) {
      if (isKnown) orWriteFailure(() => store.clearMembers());
    } else if (isKnown || barriers.exists || webhooks?.outbox.isStored || watchTable.exists) {
      orWriteFailure(() => store.clear());
      barriers.clear();
      tickets.clear();
      webhooks?.outbox.clear();
      watchTable.clear();
      alarm.unset();
    }
    if (isKnown) this.#room.begin();
  }
}
