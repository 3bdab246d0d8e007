import { afterEach, describe, expect, it, vi } from "vitest";
import type { Snapshot } from "../../../src/protocol/messages.ts";
import { formatSince } from "../../../src/protocol/since.ts";
import { askAs, readRoom, refusal } from "../../worker-kit/http.ts";
import { hold } from "../../worker-kit/lease.ts";
import { deltas, join, tryJoin } from "../../worker-kit/peer.ts";
import { hibernate, passTime } from "../../worker-kit/time.ts";
import {
  framesOf,
  openWindow,
  readWindow,
  settle,
  shownTo,
  unknown,
  untilShown,
} from "../../worker-kit/window.ts";

afterEach(() => void vi.useRealTimers());

let rooms = 0;
const newRoom = () => `windows-${++rooms}`;
const query = (limit: number) => ({ query: `?present=false&view=window&limit=${limit}` });
const BAD = ["-1", "1e9", "101", "1.5", "", "many", "0x1"];

describe("a window", () => {
  it("[S4.1, S4.2] shows the first by id who are not offline, and the counts of all", async () => {
    const room = newRoom();
    const [cleo] = [await join(room, "cleo"), await join(room, "bob"), await join(room, "dora")];
    const ada = await join(room, "ada");
    const eve = await openWindow(room, "eve", query(2));
    expect(shownTo(eve)).toEqual(["ada", "bob"]);
    expect(eve.roll).toMatchObject({ online: 4, connections: 4 });
    await ada.ask({ type: "update", status: "offline" });
    await untilShown(eve, (roll) => roll!.online === 3);
    expect(shownTo(eve)).toEqual(["bob", "cleo"]);
    await ada.ask({ type: "update", status: "busy" });
    await untilShown(eve, (roll) => roll!.online === 4);
    expect(shownTo(eve)).toEqual(["ada", "bob"]);
    expect(eve.roll!.members[0]).toMatchObject({ status: "busy" });
    await cleo!.ask({ type: "leave" });
    expect(shownTo(await openWindow(room, "zoe", query(100)))).toEqual(["ada", "bob", "dora"]);
    expect(shownTo(await join(room, "zoe", { query: "?limit=1" }))).toEqual(["ada"]);
    const counted = await join(room, "zoe", { query: "?view=counts&limit=5" });
    expect(counted.roll).toMatchObject({ members: [], online: 4 });
  });

  it("[S4.1] by default shows 20", async () => {
    const room = newRoom();
    for (let user = 10; user < 32; user++) await join(room, `user-${user}`);
    expect(shownTo(await openWindow(room, "eve", { query: "?present=false&view=window" }))).toEqual(
      Array.from({ length: 20 }, (_, at) => `user-${at + 10}`),
    );
  });

  it.each(BAD)("[S4.1, S4.5] a limit of '%s' is a bad request", async (limit) => {
    const room = newRoom();
    const path = `?view=window&limit=${limit}`;
    const refused = [400, "bad_request"];
    expect(await refusal(await tryJoin(room, "ada", { query: path }))).toEqual(refused);
    expect(await refusal(await askAs("ada", `/rooms/${room}${path}`))).toEqual(refused);
  });

  it.each(["view=snapshot", "view=other", "fields=counts"])(
    "[S4.1] with %s a limit and watched users mean nothing",
    async (query) => {
      const room = newRoom();
      await join(room, "ada");
      const path = `/rooms/${room}?${query}`;
      const plain = await (await askAs("bob", path)).json();
      expect(plain).toMatchObject({ type: "snapshot", online: 1 });
      const read = await askAs("bob", `${path}&limit=500&watch=..`);
      expect(await read.json()).toEqual(plain);
    },
  );

  it("[S4.3, S4.2] what changes outside of it is told by counts alone, or with the next", async () => {
    const room = newRoom();
    await join(room, "ada");
    const zoe = await join(room, "zoe");
    const eve = await openWindow(room, "eve", query(1));
    passTime(2);
    await zoe.ask({ type: "update", status: "busy" });
    await settle(eve);
    eve.frames.splice(0);
    // Neither the window nor the counts changed: nothing is sent.
    await zoe.ask({ type: "update", status: "away" });
    passTime(2);
    await settle(eve);
    expect(deltas(eve.frames)).toEqual([]);
    for (let tab = 0; tab < 3; tab++) await join(room, "zoe");
    await untilShown(eve, (roll) => roll!.connections === 5);
    for (const delta of deltas(eve.frames)) expect(delta).toMatchObject({ set: [], gone: [] });
    expect(eve.roll).toMatchObject({ version: (await readRoom(room)).version });
  });

  it("[S4.4] with since of the same window is told nothing, or a snapshot", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    const eve = await openWindow(room, "eve", query(5));
    const since = formatSince(eve.roll!);
    const again = `?present=false&view=window&limit=5&since=${since}`;
    const back = await join(room, "eve", { query: again, holds: eve.roll! });
    expect(deltas(back.frames)).toMatchObject([{ set: [], gone: [] }]);
    expect(framesOf(back, "snapshot")).toEqual([]);
    await ada.ask({ type: "update", status: "busy" });
    const late = await join(room, "eve", { query: again, holds: eve.roll! });
    expect(framesOf(late, "snapshot")).toMatchObject([
      { members: [{ id: "ada", status: "busy" }] },
    ]);
    expect(await readWindow(room, `view=window&limit=5&since=${formatSince(late.roll!)}`)).toEqual({
      ...deltas(back.frames)[0],
      from: late.roll!.version,
      version: late.roll!.version,
    });
  });

  it("[S4.4, V5] after the room slept shows what is true, by a snapshot", async () => {
    const room = newRoom();
    const [ada, zoe] = [await join(room, "ada"), await join(room, "zoe")];
    const eve = await openWindow(room, "eve", query(1));
    // Its version is sent with the next change.
    await zoe.ask({ type: "update", status: "away" });
    await hibernate(room);
    eve.frames.splice(0);
    await ada.ask({ type: "update", status: "busy" });
    await untilShown(eve, (roll) => roll!.members[0]?.status === "busy");
    expect(framesOf(eve, "snapshot")).toHaveLength(1);
    await ada.ask({ type: "update", status: "away" });
    await untilShown(eve, (roll) => roll!.members[0]?.status === "away");
    expect(framesOf(eve, "snapshot")).toHaveLength(1);
  });

  it("[S4.5, R6.3, R5] is read by GET, with those who are watched, and has an entity tag of its own", async () => {
    const room = newRoom();
    await join(room, "ada");
    await join(room, "zoe");
    const window = await readWindow(
      room,
      "view=window&limit=1&watch=zoe&watch=%E8%AA%9E&watch=zoe",
    );
    expect(window).toMatchObject({ type: "snapshot", online: 2, connections: 2 });
    expect(window.members).toMatchObject([{ id: "ada" }, { id: "zoe" }, unknown("語")]);
    const read = (path: string, headers = {}) => askAs("bob", `/rooms/${room}?${path}`, headers);
    const tag = (await read("view=counts&watch=ada")).headers.get("ETag")!;
    expect((await read("view=counts&watch=ada", { "If-None-Match": tag })).status).toBe(304);
    expect((await read("view=counts&watch=zoe", { "If-None-Match": tag })).status).toBe(200);
    const ids = (count: number) =>
      Array.from({ length: count }, (_, at) => `watch=u${at}`).join("&");
    expect((await read(`view=counts&${ids(50)}`)).status).toBe(200);
    const bad = [ids(51), "watch=", "watch=..", `watch=${"x".repeat(129)}`];
    for (const path of [...bad, "limit=101", "limit=", "limit=1.5"]) {
      expect(await refusal(await read(`view=counts&${path}`))).toEqual([400, "bad_request"]);
    }
  });

  it("[S4.6] is shown to a lease, which says whom it watches each time", async () => {
    const room = newRoom();
    await join(room, "zoe");
    const { lease, state } = await hold(room, "ada", {
      view: "window",
      limit: 1,
      watch: ["zoe", "x"],
    });
    expect((state as Snapshot).members.map(({ id }) => id)).toEqual(["ada", "x", "zoe"]);
    const counts = await hold(room, "ada", { lease, view: "counts" });
    expect(counts.state).toMatchObject({ type: "snapshot", members: [], online: 2 });
    const same = await hold(room, "ada", { lease, limit: 0, since: formatSince(counts.state) });
    expect(same.state).toMatchObject({ type: "delta", set: [], gone: [] });
    expect((await hold(room, "ada", { lease })).state).toMatchObject({ members: [{}, {}] });
    const tooMany = Array.from({ length: 501 }, (_, at) => `${at}`);
    for (const bad of [{ limit: -1 }, { limit: 1e9 }, { watch: tooMany }, { watch: [""] }]) {
      await expect(hold(room, "ada", { lease, view: "window", ...bad })).rejects.toThrow("400");
    }
  });

  it("[S7.1, S4.4] is told whole to whoever did not ask for it, and may hold the whole list", async () => {
    const room = `windowed-${newRoom()}`;
    for (let user = 10; user < 32; user++) await join(room, `user-${user}`);
    // As a page holds it that is open when the room becomes one of windows.
    const whole = await readWindow(room, "view=window&limit=100");
    const since = formatSince(whole);
    const page = await join(room, "user-11", { query: `?since=${since}`, holds: whole });
    expect(shownTo(page)).toHaveLength(20);
    const { version } = await readWindow(room, "fields=counts");
    const again = `since=${whole.epoch}.${version}`;
    expect(await readWindow(room, again)).toMatchObject({ type: "snapshot" });
    const { state } = await hold(room, "user-11");
    const { state: next } = await hold(room, "user-11", { since: formatSince(state) });
    expect(next.type).toBe("snapshot");
  });

  it("[S7.1] is all that anybody is told in rooms that are so configured", async () => {
    const room = `windowed-${newRoom()}`;
    for (let user = 10; user < 32; user++) await join(room, `user-${user}`);
    const first = Array.from({ length: 20 }, (_, at) => `user-${at + 10}`);
    for (const path of ["", "?view=snapshot", "?present=false", "?after=", "?after=&limit=20"]) {
      if (!path.startsWith("?after")) {
        expect(shownTo(await join(room, "ada", { query: path }))).not.toContain("user-31");
      }
      const read = await (await askAs("zoe", `/rooms/${room}${path}`)).json<Snapshot>();
      expect(read.members.map(({ id }) => id)).toEqual(["ada", ...first].slice(0, 20));
      expect(read).not.toHaveProperty("after");
    }
    const { state } = await hold(room, "zoe");
    expect((state as Snapshot).members).toHaveLength(20);
    expect((state as Snapshot).online).toBeGreaterThan(20);
  });
});
