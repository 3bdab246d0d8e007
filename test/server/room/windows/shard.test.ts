import { expect, it, vi } from "vitest";
import type { Since } from "../../../../src/protocol/since.ts";
import { FirstStates } from "../../../../src/server/large/first-states.ts";
import { Connection } from "../../../../src/server/room/connections/connection.ts";
import { WatchLists } from "../../../../src/server/room/windows/watch-lists.ts";
import { Windows } from "../../../../src/server/room/windows/windows.ts";
import { newRoster, sessionOf } from "../members/roster-kit.ts";

const LATER_MS = 5_000;

/** The windows of a shard of a large room, which has a copy of the list: of whom it has `included`. */
function openShard() {
  const roster = newRoster();
  roster.join(0, sessionOf("ada"), "a1");
  const lists = new WatchLists<Connection>();
  const included = new Set<string>();
  const firstStates = new FirstStates<Connection>((user) => included.has(user));
  const connections = { windows: new Set<Connection>(), watching: 0 };
  const windows = new Windows("large", lists, connections, firstStates);
  const sent = new Map<Connection, string[]>();
  const open = (user: string, limit = 2, isWatcher = false) => {
    const texts: string[] = [];
    const ws = { send: (text: string) => texts.push(text), serializeAttachment() {} };
    const connection = Connection.open(ws as unknown as WebSocket, {
      id: `window-${sent.size + 1}`,
      view: "window",
      limit,
      ...(isWatcher && { watches: true }),
      origin: "https://presence.example.com",
      renews: false,
      session: sessionOf(user),
      heardAt: 0,
    });
    sent.set(connection, texts);
    connections.windows.add(connection);
    return connection;
  };
  /** Sends what is due; returns what it says it has sent. */
  const flush = (now: number, ...changed: string[]) => {
    for (const [connection, since] of firstStates.take(now)) windows.show(connection, since);
    return windows.flush(roster, new Set(changed), now);
  };
  /** The frames that a window was sent since the last call, and whom they name. */
  const toldTo = (connection: Connection) =>
    sent
      .get(connection)!
      .splice(0)
      .map((text) => {
        const { type, set, members } = JSON.parse(text);
        return [type, ...(set ?? members ?? []).map(({ id }: { id: string }) => id)].join(" ");
      });
  const greet = (connection: Connection, since: Since | null = null) => {
    windows.greet(connection, since);
    return connection;
  };
  const watch = (connection: Connection, ...add: string[]) => {
    lists.change(connection, { add, remove: [], allowed: () => true });
    windows.rewatch(connection, add);
  };
  return {
    roster,
    windows,
    connections,
    included,
    firstStates,
    open,
    greet,
    watch,
    flush,
    toldTo,
    sent,
  };
}

it("[N3.2] a first state waits until the list includes its user, and has what is watched by then", () => {
  const { roster, included, firstStates, open, greet, watch, flush, toldTo, windows } = openShard();
  const { state } = roster.list;
  const [ada, bob, other] = [open("ada"), open("bob"), open("cleo")];
  for (const each of [ada, bob]) greet(each, state);
  greet(other, state);
  watch(ada, "eve");
  flush(0);
  for (const each of [ada, bob, other]) expect(toldTo(each)).toEqual([]);
  // Whoever they watch changes meanwhile.
  flush(1, "eve");
  included.add("ada").add("bob");
  firstStates.look();
  flush(2, "eve");
  expect(toldTo(ada)).toEqual(["snapshot ada eve", "watching"]);
  expect(toldTo(bob)).toEqual(["delta", "watching"]);
  expect(toldTo(other)).toEqual([]);
  // Nobody waits for what they watch later.
  watch(bob, "eve");
  flush(3);
  expect(toldTo(bob)).toEqual(["delta eve"]);
  windows.forget(other);
  expect(firstStates.has(other)).toBe(false);
});

it("[N4.2, T6.1] the first copy after a start is shown to everybody but who waits or is signed out", () => {
  const { roster, windows, connections, open, greet, flush, toldTo } = openShard();
  connections.watching = 3;
  const [ada, bob, later, out] = [open("ada"), open("bob"), open("ada"), open("ada")];
  const counts = open("ada", 0);
  greet(bob);
  windows.greetLater(later, 0);
  out.signOut(10_000);
  windows.begin(roster);
  flush(1);
  expect(toldTo(ada)).toEqual(["snapshot ada", "watching"]);
  for (const each of [bob, later, out]) expect(toldTo(each)).toEqual([]);
  expect(toldTo(counts)).toEqual(["snapshot", "watching"]);
  // All have that number of watchers, and those counts: other counts are due at once.
  expect(windows.dueAt).toBe(LATER_MS);
  roster.join(2, sessionOf("dora"), "d1");
  flush(2);
  expect(toldTo(counts)).toEqual(["delta"]);
});

it("[G1.3, W2] a window is not ready for anything else before its first state", () => {
  const { windows, included, open, greet, flush } = openShard();
  included.add("ada");
  const [ada, later] = [open("ada"), open("ada")];
  windows.show(ada, null);
  windows.greetLater(later, 0);
  expect([ada, later].map((each) => windows.awaits(each))).toEqual([true, true]);
  flush(1);
  expect([ada, later].map((each) => windows.awaits(each))).toEqual([false, true]);
  greet(later);
  flush(2);
  expect(windows.awaits(later)).toBe(false);
});

it("[O4.1, V2.2] what is the same for several windows is one text, and told is how many got how much", () => {
  const { roster, windows, open, flush, toldTo, sent, watch } = openShard();
  const all = [open("ada"), open("ada"), open("ada", 0)];
  const member = vi.spyOn(roster.list, "member");
  for (const each of all) windows.show(each, null);
  expect(flush(0)).toEqual({ sockets: 0, length: 0 });
  expect(member).toHaveBeenCalledTimes(1);
  for (const each of all) toldTo(each);
  watch(all[2]!, "ada");
  flush(0);
  for (const each of all) toldTo(each);
  roster.update(1, "ada", { data: { n: 1 } });
  member.mockClear();
  const told = flush(1, "ada");
  expect(member).toHaveBeenCalledTimes(1);
  const texts = [...sent.values()].flat();
  expect(texts).toHaveLength(3);
  expect(told).toEqual({ sockets: 3, length: texts.join("").length });
});
