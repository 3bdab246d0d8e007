import { describeError, log } from "../log.ts";
import { parseObjectName } from "../large/shard.ts";
import type { AlarmClock } from "../platform/alarm-clock.ts";
import { Connection } from "./connections/connection.ts";
import { decodeFrame } from "./connections/decode.ts";
import { countFrame } from "./connections/flood.ts";
import { updateMember } from "./connections/frames.ts";
import { graceAlarmAt } from "./members/members.ts";
import { isPresent } from "./members/member.ts";
import { Roster } from "./members/roster.ts";
import { Replies } from "./replies.ts";
import type { RoomParts } from "./room-state.ts";
import { Store } from "./storage/store.ts";
import { orWriteFailure } from "./storage/write-failure.ts";
import type { FirstAnswer } from "./first-answer.ts";

/**
 * Answers the first frame that a hibernating room wakes for, if that is an update of a member who is
 * shown before and after, and has no other tab: for that, the member's own row and the list's version
 * are enough. What it stores and answers is what the whole room would. Returns `null`, and has changed
 * nothing, if the whole room is needed.
 *
 * @throws WriteFailure, and any other error before there is a change.
 */
export function answerFirst(
  { name: objectName, config, storage, alarm }: RoomParts & { alarm: AlarmClock },
  ws: WebSocket,
  message: string | ArrayBuffer,
  now: number,
): FirstAnswer | null {
  const { room: name, shard } = parseObjectName(objectName);
  // The events of webhooks are stored in the same commit.
  if (shard !== null || config.webhook !== null) return null;
  // What is due comes before the frame. If anything were, the alarm would be set for it.
  if (alarm.at === null || alarm.at <= graceAlarmAt(now)) return null;
  const { frame } = decodeFrame(message);
  if (frame?.type !== "update" || frame.status === "offline") return null;
  const connection = wake(ws);
  const user = connection?.user;
  if (!connection || user === undefined || connection.dueAt <= now) return null;
  const store = new Store(storage, name);
  const saved = store.loadOne(user);
  if (saved === null) return null;
  const roster = new Roster(config.limits, saved);
  const record = roster.find(user)!;
  const [place] = record.places;
  const isLive = place?.lostAt === null && place.leasedUntil === undefined;
  if (!isPresent(record) || record.places.length > 1 || !isLive) return null;
  if (countFrame(connection.accepted, connection.offences, now) !== "accept") return null;

  const { state: heldState } = roster.list;
  const replies = new Replies();
  const changed: string[] = [];
  connection.heard(now);
  const connections = { of: () => [connection] };
  updateMember({ roster, connections, replies, link: null }, user, frame, now);
  replies.acknowledge(connection, frame.id);
  orWriteFailure(() =>
    roster.passChanges((changes) => {
      store.write(changes, saved.epoch, store.floor);
      changed.push(...changes.visible.keys());
    }),
  );
  replies.release((error) => {
    log("failure", { code: "internal", room: name, reason: describeError(error) });
  });
  return { connection, heldState, changed };
}

/** The connection of a member's socket about which nothing else is to be done. */
function wake(ws: WebSocket): Connection | null {
  try {
    const connection = Connection.wake(ws);
    if (!connection?.isAdmitted || connection.isWatcher) return null;
    return connection.probedAt === null && connection.backlog.owed === null ? connection : null;
  } catch {
    // It is damaged, and the start closes it.
    return null;
  }
}
