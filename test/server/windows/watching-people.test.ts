import { afterEach, describe, expect, it, vi } from "vitest";
import { eventually } from "../../worker-kit/eventually.ts";
import { readRoom } from "../../worker-kit/http.ts";
import { deltas, join, Peer, tryJoin, type Frame } from "../../worker-kit/peer.ts";
import { hibernate, passTime, query, restart, tablesOf } from "../../worker-kit/time.ts";
import {
  framesOf,
  openWindow,
  settle,
  shownTo,
  unknown,
  untilShown,
} from "../../worker-kit/window.ts";

afterEach(() => void vi.useRealTimers());

let rooms = 0;
const newRoom = () => `watching-${++rooms}`;
const numbered = (count: number, length = 1) =>
  Array.from({ length: count }, (_, at) => String(at).padStart(length, "x"));
const rows = (room: string) => query(room, "SELECT ids FROM watched");

/** Sends a frame, and waits for its refusal. */
async function refused(peer: Peer, frame: object): Promise<unknown> {
  const id = crypto.randomUUID();
  peer.send({ ...frame, id });
  const isAnswer = (answer: Frame) =>
    answer !== "pong" && (answer.type === "error" || answer.type === "ack") && answer.id === id;
  const answer = await peer.until(isAnswer);
  return answer !== "pong" && answer.type === "error" ? answer.code : "ack";
}

describe("watching people", () => {
  it("[S5.2, S4.2] tells of them at once, known or not, and of whatever becomes of them", async () => {
    const room = newRoom();
    const ada = await join(room, "ada", { query: "?view=counts" });
    const eve = await openWindow(room, "eve");
    eve.frames.splice(0);
    await eve.ask({ type: "watch", add: ["zoe", "ada", "zoe"] });
    await untilShown(eve, (roll) => roll!.members.length === 2);
    expect(deltas(eve.frames)).toMatchObject([
      { from: 1, version: 1, set: [unknown("zoe"), { id: "ada", status: "online" }], gone: [] },
    ]);
    const zoe = await join(room, "zoe", { query: "?view=counts" });
    await untilShown(eve, (roll) => roll!.members[1]?.status === "online");
    await ada.ask({ type: "update", status: "busy", data: { n: 1 } });
    await zoe.ask({ type: "leave" });
    await untilShown(eve, (roll) => roll!.online === 1 && roll!.members[0]?.status === "busy");
    expect(eve.roll!.members).toEqual((await readRoom(room)).members);
    await eve.ask({ type: "watch", remove: ["ada", "nobody"], add: ["bob"] });
    await untilShown(eve, () => shownTo(eve).join() === "bob,zoe");
    expect(shownTo(ada)).toEqual([]);
  });

  it("[S5.2, S4.1] shows whoever is watched no more among the others, where they are one of the first", async () => {
    const room = newRoom();
    for (const user of ["ada", "bob", "cleo"]) await join(room, user);
    const eve = await openWindow(room, "eve", { query: "?present=false&view=window&limit=1" });
    await eve.ask({ type: "watch", add: ["ada"] });
    await untilShown(eve, () => shownTo(eve).join() === "ada,bob");
    await eve.ask({ type: "watch", add: ["bob"], remove: ["ada"] });
    await untilShown(eve, () => shownTo(eve).join() === "ada,bob");
    await eve.ask({ type: "watch", remove: ["bob"] });
    await untilShown(eve, () => shownTo(eve).join() === "ada");
    expect(eve.roll).toMatchObject({ online: 3 });
  });

  it("[S5.3, L5.1] shows those who are forgotten as not known", async () => {
    const room = newRoom();
    const eve = await openWindow(room, "eve");
    await eve.ask({ type: "watch", add: ["ada"] });
    const [ada, bob] = [await join(room, "ada"), await join(room, "bob")];
    await ada.ask({ type: "leave" });
    await untilShown(eve, (roll) => roll!.members[0]?.lastOnline !== null);
    vi.setSystemTime(Date.now() + 86_401_000);
    await settle(bob);
    await untilShown(eve, (roll) => roll!.members[0]?.lastOnline === null);
    expect(eve.roll!.members).toEqual([unknown("ada")]);
    expect(eve.roll!.online).toBe(1);
  });

  it("[S5.4, S1.2] outlives hibernation in one row, and ends with the connection", async () => {
    const room = newRoom();
    const [eve, zoe] = [await openWindow(room, "eve"), await openWindow(room, "zoe")];
    await eve.ask({ type: "watch", add: ["ada", "語"] });
    await zoe.ask({ type: "watch", add: ["ada"] });
    await eve.ask({ type: "watch", add: ["bob"] });
    expect(await rows(room)).toHaveLength(2);
    expect(await tablesOf(room)).toEqual([{ name: "watched" }]);
    await hibernate(room);
    await join(room, "ada");
    for (const peer of [eve, zoe]) {
      await untilShown(peer, (roll) => roll!.members[0]?.status === "online");
    }
    expect(shownTo(eve)).toEqual(["ada", "bob", "語"]);
    expect(shownTo(zoe)).toEqual(["ada"]);
    await eve.ask({ type: "leave" });
    await eve.closed;
    await eventually(async () => expect(await rows(room)).toHaveLength(1));
    await restart(room);
    // The next event starts the room.
    await readRoom(room);
    expect(await rows(room)).toEqual([]);
  });

  it("[S5.1] is a bad message without a window, and of what are no ids", async () => {
    const room = newRoom();
    const bob = await join(room, "bob");
    expect(await refused(bob, { type: "watch", add: ["ada"] })).toBe("bad_message");
    const watcher = await join(room, "bob", { query: "?present=false" });
    expect(await refused(watcher, { type: "watch", add: ["ada"] })).toBe("bad_message");
    const eve = await openWindow(room, "eve");
    const bad: unknown[] = [[""], ["."], [".."], ["x".repeat(129)], [7], "ada", null, [["ada"]]];
    for (const add of bad) expect(await refused(eve, { type: "watch", add })).toBe("bad_message");
    expect(await refused(eve, { type: "watch", remove: [""] })).toBe("bad_message");
    expect(eve.roll!.members).toEqual([]);
    // The tenth.
    eve.send('{"type":"watch","add":["\\ud800"]}');
    expect(await eve.closed).toEqual({ code: 4400, reason: "bad_message" });
  });

  it("[S5.1, S5.5] takes 500 in a frame of 16 KiB, and no part of one more or of a longer one", async () => {
    const room = newRoom();
    const eve = await openWindow(room, "eve");
    expect(await refused(eve, { type: "watch", add: numbered(501) })).toBe("too_many_watched");
    expect(await refused(eve, { type: "watch", add: numbered(500, 25) })).toBe("ack");
    await untilShown(eve, (roll) => roll!.members.length === 500);
    expect(await refused(eve, { type: "watch", add: ["one more"] })).toBe("too_many_watched");
    const [first] = numbered(1, 25);
    const swap = { type: "watch", remove: [first], add: ["one more"] };
    expect(await refused(eve, swap)).toBe("ack");
    await untilShown(eve, () => shownTo(eve)[0] === "one more");
    const long = JSON.stringify({ type: "watch", remove: numbered(500, 40) });
    expect(long.length).toBeGreaterThan(16_384);
    eve.frames.splice(0);
    eve.send(long);
    expect(await eve.untilType("error")).toMatchObject({ code: "bad_message" });
    expect(eve.roll!.members).toHaveLength(500);
  });

  it("[S5.5, S5.4] takes 500 from each of many connections", async () => {
    const room = newRoom();
    const peers: Peer[] = [];
    for (let each = 0; each < 39; each++) peers.push(await openWindow(room, `user-${each}`));
    const add = [...numbered(499, 25), "ada"];
    await Promise.all(peers.map((peer) => peer.ask({ type: "watch", add })));
    expect(await rows(room)).toHaveLength(39);
    await hibernate(room);
    await join(room, "ada");
    for (const peer of peers) {
      await untilShown(peer, (roll) => roll!.members[0]?.status === "online");
      expect(peer.roll!.members).toHaveLength(500);
    }
  });

  it("[S5.6] lets a first state wait for the first frame, for 5 s", async () => {
    const room = newRoom();
    await join(room, "ada");
    const path = "?present=false&view=window&limit=0&watch=later";
    const open = async (more = "") =>
      new Peer((await tryJoin(room, "eve", { query: path + more })).webSocket!);
    const eve = await open();
    await eve.untilType("welcome");
    await settle(eve);
    expect(eve.roll).toBeNull();
    await eve.ask({ type: "watch", add: ["ada", "zoe"] });
    await eve.untilType("snapshot");
    expect(shownTo(eve)).toEqual(["ada", "zoe"]);
    expect(deltas(eve.frames)).toEqual([]);
    const silent = await open();
    await settle(silent);
    expect(silent.roll).toBeNull();
    passTime(6);
    await settle(silent);
    await silent.untilType("snapshot");
    expect(framesOf(silent, "snapshot")).toMatchObject([{ members: [], online: 1 }]);
    const refusedOne = await open();
    expect(await refused(refusedOne, { type: "watch", add: numbered(501) })).toBe(
      "too_many_watched",
    );
    await refusedOne.untilType("snapshot");
  });

  it("[S5.7, S1.2] is told to nobody", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    const before = await readRoom(room);
    ada.frames.splice(0);
    const eve = await openWindow(room, "eve");
    await eve.ask({ type: "watch", add: ["ada"] });
    await eve.ask({ type: "watch", remove: ["ada"] });
    await settle(ada);
    expect(ada.frames.filter((frame) => frame !== "pong" && frame.type !== "ack")).toEqual([]);
    expect(await readRoom(room)).toEqual(before);
  });
});
