import { evictDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ask, askAs, askConfigured, readRoom, refusal } from "../../worker-kit/http.ts";
import { join, Peer, tryJoin, welcomeOf } from "../../worker-kit/peer.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import {
  alarmOf,
  hibernate,
  passTime,
  passTimeWithAlarms,
  roomStub,
  tablesOf,
} from "../../worker-kit/time.ts";
import { framesOf, openWindow, settle, shownTo, untilShown } from "../../worker-kit/window.ts";

afterEach(() => void vi.useRealTimers());

let rooms = 0;
const newRoom = () => `watchers-${++rooms}`;
const WATCHER = { query: "?present=false" };
const NOBODY = { epoch: "00000000-0000-0000-0000-000000000000", version: 0 };

describe("a watcher", () => {
  it("[S1.1, S1.3] is shown what members are shown, and is nobody", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    const eve = await join(room, "eve", WATCHER);
    expect(welcomeOf(eve)).toMatchObject({ self: null, expiresAt: expect.any(String) });
    await ada.ask({ type: "update", status: "busy", data: { n: 1 } });
    for (const peer of [ada, eve]) {
      await untilShown(peer, (roll) => roll!.members[0]?.status === "busy");
    }
    expect(eve.roll).toMatchObject({ online: 1, connections: 1 });
    expect(eve.roll!.members).toEqual(ada.roll!.members);
    await eve.ask({ type: "sync" });
    await ada.ask({ type: "leave" });
    await untilShown(eve, (roll) => roll!.online === 0);
  });

  it("[S1.2] is in no list, causes no version and is not seen to come or go", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    const before = await readRoom(room);
    ada.frames.splice(0);
    const eve = await join(room, "eve", WATCHER);
    await eve.ask({ type: "leave" });
    expect(await eve.closed).toEqual({ code: 1000, reason: "left" });
    expect(await readRoom(room)).toEqual(before);
    await settle(ada);
    expect(ada.frames.filter((frame) => frame !== "pong" && frame.type !== "ack")).toEqual([]);
  });

  it("[S1.2, L5.5] alone in a room writes nothing, lets it sleep, and is told of the first member", async () => {
    const room = newRoom();
    const eve = await join(room, "eve", WATCHER);
    expect(eve.roll).toMatchObject({ ...NOBODY, members: [] });
    await hibernate(room);
    expect(await tablesOf(room)).toEqual([]);
    expect(await alarmOf(room)).not.toBeNull();
    const ada = await join(room, "ada");
    await untilShown(eve, (roll) => roll!.online === 1);
    expect(shownTo(eve)).toEqual(["ada"]);
    expect(eve.roll!.epoch).not.toBe(NOBODY.epoch);
    await ada.ask({ type: "leave" });
    await untilShown(eve, (roll) => roll!.online === 0);
    // Until the last member is forgotten.
    for (let hour = 0; hour < 25; hour++) {
      eve.send("ping");
      passTime(3_600);
      await settle(eve);
    }
    await untilShown(eve, (roll) => roll!.epoch === NOBODY.epoch);
    expect(eve.roll).toMatchObject({ ...NOBODY, members: [] });
    expect(await tablesOf(room)).toEqual([]);
    await hibernate(room);
    await join(room, "bob");
    await untilShown(eve, (roll) => roll!.online === 1);
    expect(shownTo(eve)).toEqual(["bob"]);
  });

  it("[S1.2, L1] is answered by a room that sleeps, which stays asleep", async () => {
    const room = newRoom();
    const peers = [await join(room, "ada")];
    for (let each = 0; each < 10; each++) {
      peers.push(await join(room, `eve-${each}`, WATCHER), await openWindow(room, `zoe-${each}`));
    }
    await peers.at(-1)!.ask({ type: "watch", add: ["ada", "bob"] });
    await hibernate(room);
    for (const peer of peers) peer.send("ping");
    for (const peer of peers) await peer.until((frame) => frame === "pong");
    // A room that is not running cannot be put to sleep.
    await expect(evictDurableObject(roomStub(room))).rejects.toThrow("not currently running");
  });

  it("[S1.3] says nothing that only a member can say", async () => {
    const room = newRoom();
    const eve = await openWindow(room, "eve");
    for (const frame of [
      { type: "update", status: "busy" },
      { type: "idle", idle: true },
    ]) {
      eve.send({ ...frame, id: frame.type });
      const isAnswer = (answer: (typeof eve.frames)[number]) =>
        answer !== "pong" && answer.type === "error" && answer.id === frame.type;
      expect(await eve.until(isAnswer)).toMatchObject({ code: "not_present" });
    }
    eve.send("ping");
    await eve.until((frame) => frame === "pong");
    await eve.ask({ type: "watch" });
    await eve.ask({ type: "logout" });
    expect(await eve.closed).toEqual({ code: 1000, reason: "left" });
    expect((await readRoom(room)).members).toEqual([]);
  });

  it("[S1.4, A6.1, A6.2] counts for the limits of a user and of a room", async () => {
    const room = newRoom();
    for (let tab = 0; tab < 10; tab++) await join(room, "ada", tab % 2 ? WATCHER : {});
    for (let tab = 0; tab < 10; tab++) await openWindow(room, "ada");
    const refused = [429, "too_many_connections"];
    expect(await refusal(await tryJoin(room, "ada"))).toEqual(refused);
    expect(await refusal(await tryJoin(room, "ada", WATCHER))).toEqual(refused);
    for (let user = 0; user < 20; user++) await join(room, `user-${user}`, user % 2 ? WATCHER : {});
    expect(await refusal(await tryJoin(room, "eve", WATCHER))).toEqual([503, "room_full"]);
    expect(await refusal(await tryJoin(room, "eve"))).toEqual([503, "room_full"]);
  });

  it("[S1.4, L3.1, T4.2] is removed when it is silent, and when its session ends, and leaves no place", async () => {
    const room = newRoom();
    const eve = await join(room, "eve", WATCHER);
    const exp = Math.floor(Date.now() / 1000) + 12;
    const zoe = await openWindow(room, "zoe", { token: await signIn("zoe", { exp }) });
    await zoe.untilType("expiring");
    await hibernate(room);
    await passTimeWithAlarms(room, 46);
    expect(await eve.closed).toEqual({ code: 4408, reason: "stale" });
    expect(await zoe.closed).toEqual({ code: 4401, reason: "session_expired" });
    expect(await readRoom(room)).toMatchObject({ ...NOBODY, members: [] });
  });

  it("[S1.4, T3.1, T3.4, S5.4] renews its session, or gives the connection and no list to another watcher", async () => {
    const room = newRoom();
    await join(room, "ada");
    const eve = await openWindow(room, "eve");
    await eve.ask({ type: "watch", add: ["ada"] });
    await untilShown(eve, () => shownTo(eve).join() === "ada");
    await eve.ask({ type: "auth", token: await signIn("eve", { exp: Date.now() / 1000 + 7_200 }) });
    await eve.untilType("renewed");
    expect(shownTo(eve)).toEqual(["ada"]);
    const { connection } = welcomeOf(eve);
    eve.frames.splice(0);
    await eve.ask({ type: "auth", token: await signIn("zoe") });
    const welcome = await eve.untilType("welcome");
    expect(welcome).toMatchObject({ self: null });
    expect(welcome.connection).not.toBe(connection);
    await untilShown(eve, (roll) => roll!.members.length === 0);
    expect((await readRoom(room)).members.map(({ id }) => id)).toEqual(["ada"]);
    eve.send({ type: "auth", token: "bad" });
    expect(await eve.untilType("error")).toMatchObject({ code: "session_invalid" });
    await settle(eve);
  });

  it("[S1.4, T1.3] comes in by a ticket, once", async () => {
    const room = newRoom();
    const headers = { Authorization: `Bearer ${await signIn("eve")}` };
    const body = JSON.stringify({ room });
    const given = await ask("/tickets", { method: "POST", headers, body });
    const { ticket } = await given.json<{ ticket: string }>();
    const open = () =>
      ask(`/rooms/${room}?present=false&ticket=${ticket}`, { headers: { Upgrade: "websocket" } });
    const eve = new Peer((await open()).webSocket!);
    expect(await eve.untilType("welcome")).toMatchObject({ self: null });
    expect(await refusal(await open())).toEqual([401, "session_invalid"]);
  });

  it("[S1.1, R7] is let in by the rule of readers", async () => {
    const token = await signIn("eve", { rooms: ["other"] });
    const answer = await tryJoin(newRoom(), "eve", { ...WATCHER, token });
    expect(await refusal(answer)).toEqual([403, "room_forbidden"]);
  });

  it("[S1.1, T2.2] comes in by a token over its socket, too", async () => {
    const room = newRoom();
    const answer = await askConfigured(
      { IN_BAND_AUTH: "true" },
      `/rooms/${room}?auth=message&present=false&view=counts`,
      { Upgrade: "websocket" },
    );
    const eve = new Peer(answer.webSocket!);
    await eve.untilType("authenticate");
    eve.send({ type: "auth", token: await signIn("eve") });
    expect(await eve.untilType("welcome")).toMatchObject({ self: null });
    expect(await eve.untilType("watching")).toEqual({ type: "watching", watching: 1 });
    expect((await readRoom(room)).members).toEqual([]);
  });
});

const untilWatching = (peer: Peer, watching: number) =>
  peer.until(() => isDeepEqual(framesOf(peer, "watching").at(-1), { type: "watching", watching }));
const isDeepEqual = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

describe("how many watch", () => {
  it("[S2.1] is told to windows after their first state, and when it changed, at most every 5 s", async () => {
    const room = newRoom();
    const eve = await openWindow(room, "eve");
    expect(await eve.untilType("watching")).toEqual({ type: "watching", watching: 1 });
    const first = eve.frames.findIndex((frame) => frame !== "pong" && frame.type === "watching");
    expect(eve.frames[first - 1]).toMatchObject({ type: "snapshot" });
    const ada = await join(room, "ada", { query: "?view=window" });
    expect(await ada.untilType("watching")).toEqual({ type: "watching", watching: 1 });
    const zoe = await join(room, "zoe", WATCHER);
    await settle(eve);
    passTime(6);
    await settle(eve);
    await untilWatching(eve, 2);
    await hibernate(room);
    await zoe.ask({ type: "leave" });
    passTime(6);
    await settle(eve);
    for (const peer of [eve, ada]) await untilWatching(peer, 1);
    expect(framesOf(zoe, "watching")).toEqual([]);
  });

  it("[S2.2, R6.2] is part of the counts, and of their entity tag", async () => {
    const room = newRoom();
    await join(room, "ada");
    const read = (headers = {}) => askAs("reader", `/rooms/${room}?fields=counts`, headers);
    const before = await read();
    const counts = await before.json<{ epoch: string; version: number }>();
    expect(counts).toMatchObject({ online: 1, connections: 1, watching: 0 });
    const tag = before.headers.get("ETag")!;
    expect(tag).toBe(`"${counts.epoch}.${counts.version}.0"`);
    expect((await read({ "If-None-Match": tag })).status).toBe(304);
    await join(room, "eve", WATCHER);
    const after = await read({ "If-None-Match": tag });
    expect(await after.json()).toEqual({ ...counts, watching: 1 });
  });
});
