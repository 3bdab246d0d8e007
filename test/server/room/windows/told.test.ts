import { expect, it, vi } from "vitest";
import { Model } from "../model.ts";
import { withStorage } from "../model-storage.ts";
import { ModelWindows } from "../model-windows.ts";

const [ADA, BOB, CLEO, DEA] = [0, 1, 2, 3];
const QUIET_MS = 10_000;

type WindowClient = ReturnType<ModelWindows["open"]> & {};

/** A room of one member, and what its windows are told. */
function openRoom(storage: DurableObjectStorage) {
  const model = new Model(storage);
  const windows = new ModelWindows(model);
  const come = (...users: number[]) =>
    model.turn((now) => {
      for (const user of users) {
        model.join({ do: "join", user, resume: false, hasNewName: false }, now);
      }
    });
  // A first member would begin a new epoch, which is sent as a snapshot.
  come(DEA);
  const open = (limit: number, { isLater = false, resume = false } = {}): WindowClient =>
    model.turn((now) => windows.open({ user: ADA, limit, isMember: false, isLater, resume }, now)!);
  const watch = (client: WindowClient, ...add: string[]) =>
    windows.watch(client, { add, remove: [], denied: [] });
  const rest = (...clients: WindowClient[]) => {
    vi.advanceTimersByTime(QUIET_MS);
    for (const client of clients) toldTo(client);
  };
  return { model, windows, come, open, watch, rest };
}

/** The types of the frames that a window was sent since the last call, and whom they name. */
function toldTo({ frames, misfits }: WindowClient): string[] {
  expect(misfits).toEqual([]);
  return frames.splice(0).map(({ text }) => {
    const { type, set, members } = JSON.parse(text);
    return [type, ...(set ?? members ?? []).map(({ id }: { id: string }) => id)].join(" ");
  });
}

/** Runs a test with a room. */
function inRoom(test: (room: ReturnType<typeof openRoom>) => void): Promise<void> {
  return withStorage(async (storage) => {
    test(openRoom(storage));
    vi.clearAllTimers();
  });
}

it("[S4.3] a window is told the counts if only one of them has changed", () =>
  inRoom(({ model, come, open, rest }) => {
    come(BOB);
    const client = open(0);
    rest(client);
    come(BOB);
    rest();
    expect(toldTo(client)).toEqual(["delta"]);
    expect(client.roll).toMatchObject({ online: 2, connections: 3 });
    model.turn((now) => {
      model.cut(model.live.at(-1)!, "leave", now);
      model.join({ do: "join", user: CLEO, resume: false, hasNewName: false }, now);
    });
    rest();
    expect(toldTo(client)).toEqual(["delta"]);
    expect(client.roll).toMatchObject({ online: 3, connections: 3 });
  }));

it.each([
  ["nobody waits", false],
  ["a first state waits for a watch list", true],
])(
  "[S4.3, S2.1] counts come in a second and the number of watchers in 5 s, by time alone, though %s",
  (_how, hasWaiting) =>
    inRoom(({ come, open, rest }) => {
      const client = open(0);
      rest(client);
      come(BOB);
      open(0);
      expect(toldTo(client)).toEqual(["delta", "watching"]);
      vi.advanceTimersByTime(100);
      come(CLEO);
      if (hasWaiting) open(0, { isLater: true });
      else open(0);
      vi.advanceTimersByTime(899);
      expect(toldTo(client)).toEqual([]);
      vi.advanceTimersByTime(1);
      expect(toldTo(client)).toEqual(["delta"]);
      vi.advanceTimersByTime(3_999);
      expect(toldTo(client)).toEqual([]);
      vi.advanceTimersByTime(1);
      expect(toldTo(client)).toEqual(["watching"]);
    }),
);

it("[S4.4, S2.1] after hibernation a window is told nothing that it knows", () =>
  inRoom(({ model, come, open, rest }) => {
    const client = open(2);
    rest(client);
    model.sleep();
    expect(toldTo(client)).toEqual([]);
    come(BOB);
    rest();
    expect(toldTo(client)).toEqual(["snapshot bob déa"]);
    expect(client.connection).not.toBeNull();
  }));

it("[S4.4] a since is answered by what it is, whoever else of the same limit comes at once", () =>
  inRoom(({ model, windows, come, open, rest }) => {
    const client = open(2);
    rest(client);
    const shut = () => void windows.take({ do: "shut", which: 0 });
    const reopen = (user: number, now: number) =>
      windows.open({ user, limit: 2, isMember: false, isLater: false, resume: true }, now)!;
    shut();
    rest();
    const other = model.turn((now) => {
      reopen(ADA, now);
      return reopen(BOB, now);
    });
    vi.advanceTimersByTime(100);
    expect(toldTo(client)).toEqual(["delta", "watching"]);
    expect(toldTo(other)).toEqual(["snapshot déa", "watching"]);
    shut();
    come(CLEO);
    model.turn((now) => reopen(ADA, now));
    vi.advanceTimersByTime(100);
    expect(toldTo(client)).toEqual(["snapshot Cleo déa", "watching"]);
    expect(JSON.parse(other.frames[0]!.text)).toMatchObject({ type: "delta" });
  }));

it("[S5.6, S4.1] a first state has the users that its own connection watches, and is sent with the list", () =>
  inRoom(({ model, open, watch, rest }) => {
    const [one, other] = [open(0, { isLater: true }), open(0, { isLater: true })];
    model.turn(() => {
      watch(one, "bob");
      watch(other, "Cleo");
    });
    vi.advanceTimersByTime(100);
    expect(toldTo(one)).toEqual(["snapshot bob", "watching"]);
    expect(toldTo(other)).toEqual(["snapshot Cleo", "watching"]);
    expect(one.roll).toMatchObject({ type: "snapshot", room: "room" });
    rest(one, other);
  }));

it("[S5.2] a watch that comes with the connection is answered with it, though the connection holds the rest", () =>
  inRoom(({ model, windows, open, watch, rest }) => {
    const client = open(1);
    rest(client);
    void windows.take({ do: "shut", which: 0 });
    rest();
    model.turn((now) => {
      windows.open({ user: ADA, limit: 1, isMember: false, isLater: false, resume: true }, now);
      watch(client, "bob");
    });
    rest();
    expect(toldTo(client)).toEqual(["snapshot bob déa", "watching"]);
  }));

it("[S5.2] each user that is added is sent, though shown before, in as many frames as they come", () =>
  inRoom(({ model, come, open, watch, rest }) => {
    come(BOB, CLEO);
    const client = open(3);
    rest(client);
    model.turn(() => {
      watch(client, "bob");
      watch(client, "déa");
    });
    rest();
    expect(toldTo(client)).toEqual(["delta bob déa"]);
  }));

it.each([0, 2])(
  "[W10, S4.3] a sync is answered by one snapshot, whatever changes with it: limit %i",
  (limit) =>
    inRoom(({ model, open, rest }) => {
      const client = open(limit);
      rest(client);
      model.turn((now) => {
        model.room.broadcaster.sync(client.connection!, now);
        model.join({ do: "join", user: BOB, resume: false, hasNewName: false }, now);
      });
      rest();
      expect(toldTo(client)).toEqual([limit ? "snapshot bob déa" : "snapshot", "watching"]);
    }),
);

it("[S4.2] a window is sent frames and nothing else", () =>
  inRoom(({ come, open, rest }) => {
    const client = open(2);
    rest(client);
    const sent = vi.spyOn(client.connection!, "send");
    come(BOB);
    rest();
    expect(sent.mock.calls).toEqual([[expect.stringMatching(/^\{"type":"delta"/)]]);
  }));
