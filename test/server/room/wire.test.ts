import { afterEach, describe, expect, it, vi } from "vitest";
import type { Snapshot } from "../../../src/protocol/messages.ts";
import { countBadFrame, countFrame } from "../../../src/server/room/connections/flood.ts";
import { readRoom } from "../../worker-kit/http.ts";
import { deltas, join, Peer, tryJoin, welcomeOf, type Frame } from "../../worker-kit/peer.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import {
  hibernate,
  passTime,
  passTimeWithAlarms,
  query,
  restart,
  roomStub,
} from "../../worker-kit/time.ts";

afterEach(() => void vi.useRealTimers());

let rooms = 0;
const newRoom = () => `wire-${++rooms}`;

/** Puts members into a room's storage who were there and are offline now. */
async function fillList(room: string, members: number): Promise<void> {
  const now = Date.now();
  await query(
    room,
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${members})
     INSERT INTO members (id, version, name, issued_at, places, last_online)
     SELECT 'gone-' || i, 0, 'Gone', ${now}, '[]', ${now} FROM n`,
  );
}

function errorsIn(frames: readonly Frame[]): string[] {
  return frames.flatMap((frame) => (frame !== "pong" && frame.type === "error" ? frame.code : []));
}

describe("first frames", () => {
  it("[W1.1] welcome comes first, with all that is this connection's own", async () => {
    const room = newRoom();
    const exp = Math.floor(Date.now() / 1000) + 1800;
    const ada = await join(room, "ada", { token: await signIn("ada", { exp }) });
    expect(welcomeOf(ada)).toEqual({
      type: "welcome",
      protocol: 1,
      room,
      connection: expect.stringMatching(/^[0-9a-f-]{36}$/),
      self: { id: "ada", chosen: null },
      heartbeat: 15,
      expiresAt: new Date(exp * 1000).toISOString(),
    });
  });

  it("[W1.2] a choice is told to all tabs of the member, and to nobody else", async () => {
    const room = newRoom();
    const bob = await join(room, "bob");
    const desk = await join(room, "ada");
    const phone = await join(room, "ada");
    await desk.ask({ type: "update", status: "away" });
    await desk.ask({ type: "update", status: "away" });
    const told = { type: "self", id: "ada", chosen: "away" };
    for (const tab of [desk, phone]) {
      expect((await tab.news()).filter((f) => f !== "pong" && f.type === "self")).toEqual([told]);
    }
    expect((await bob.news()).filter((f) => f !== "pong" && f.type === "self")).toEqual([]);
  });

  it("[W2, W4] then one snapshot, which counts the joiner already, or a delta since what they hold", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    expect(ada.frames.slice(1)).toEqual([await readRoom(room)]);
    expect((ada.frames[1] as Snapshot).members.map(({ id }) => id)).toEqual(["ada"]);
    const bob = await join(room, "bob", { holds: ada.roll! });
    expect(bob.frames[1]).toMatchObject({ type: "delta", set: [{ id: "bob" }] });
    expect(bob.frames).toHaveLength(2);
  });

  it("[W3.1] later changes are deltas, and whole snapshots for who asks for that view", async () => {
    const room = newRoom();
    const plain = await join(room, "plain");
    const simple = await join(room, "simple", { query: "?view=snapshot" });
    await plain.news();
    await hibernate(room);
    await plain.ask({ type: "update", status: "busy" });
    const [delta] = deltas(await plain.news());
    expect(delta).toMatchObject({ set: [{ id: "plain", status: "busy" }], gone: [] });
    const news = await simple.until(
      (frame) => frame !== "pong" && frame.type === "snapshot" && frame.version === delta!.version,
    );
    expect(news).toEqual(await readRoom(room));
    expect(deltas(simple.frames)).toEqual([]);
  });

  it(
    "[W3.2] in rooms of more than 500 members whole snapshots are told every 5 s at most",
    { timeout: 20_000 },
    async () => {
      const room = newRoom();
      await join(room, "ada");
      await fillList(room, 500);
      await restart(room);
      const ada = await join(room, "ada");
      const simple = await join(room, "simple", { query: "?view=snapshot" });
      const whole = () => simple.frames.filter((f) => f !== "pong" && f.type === "snapshot");
      await ada.ask({ type: "update", data: { n: 1 } });
      await vi.waitFor(() => expect(whole()).toHaveLength(2));
      await ada.ask({ type: "update", data: { n: 2 } });
      await ada.ask({ type: "update", data: { n: 3 } });
      expect(deltas(await ada.news()).at(-1)?.set).toMatchObject([{ data: { n: 3 } }]);
      expect(whole()).toHaveLength(2);
      // Nothing else happens, and they are told all the same.
      await simple.until(
        (f) => f !== "pong" && f.type === "snapshot" && f.version === ada.roll!.version,
      );
      expect(whole()).toHaveLength(3);
      expect(whole().at(-1)).toEqual(await readRoom(room));
    },
  );

  it("[W5, V1] deltas chain: each starts where the last one ended", async () => {
    const room = newRoom();
    const watcher = await join(room, "watcher");
    let { version } = watcher.roll!;
    const crowd = await Promise.all(Array.from({ length: 15 }, (_, n) => join(room, `user-${n}`)));
    for (const peer of crowd) await peer.ask({ type: "update", status: "busy" });
    const chain = deltas(await watcher.news());
    expect(chain.length).toBeGreaterThan(1);
    for (const delta of chain) {
      expect(delta.from).toBe(version);
      expect(delta.version).toBeGreaterThan(version);
      ({ version } = delta);
    }
    expect(watcher.roll!.members).toEqual((await readRoom(room)).members);
  });
});

describe("frames from the client", () => {
  it("[W7, W10] every frame with an id is acknowledged, a leave before the close", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    for (const frame of [
      { type: "update", status: "busy" },
      { type: "idle", idle: true },
      { type: "sync" },
      { type: "leave" },
    ]) {
      await ada.ask(frame);
    }
    expect(await ada.closed).toEqual({ code: 1000, reason: "left" });
  });

  it("[W7] what is acknowledged has been stored", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    await ada.ask({ type: "update", status: "busy", data: { at: "desk" } });
    await hibernate(room);
    expect((await readRoom(room)).members[0]).toMatchObject({
      status: "busy",
      data: { at: "desk" },
    });
  });

  it("[W8] update leaves absent keys as they are, and null takes away", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    const member = async () => (await readRoom(room)).members[0];
    await ada.ask({ type: "update", status: "busy", data: { n: 1 } });
    await ada.ask({ type: "update", status: "away" });
    expect(await member()).toMatchObject({ status: "away", data: { n: 1 } });
    await ada.ask({ type: "update", data: { n: 2 } });
    expect(await member()).toMatchObject({ status: "away", data: { n: 2 } });
    await ada.ask({ type: "update", status: null, data: null });
    expect(await member()).toMatchObject({ status: "online" });
    expect(await member()).not.toHaveProperty("data");
  });

  it("[W9] idle on the only connection shows away", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    await ada.ask({ type: "idle", idle: true });
    expect((await readRoom(room)).members[0]?.status).toBe("away");
  });

  it("[W10] sync is answered by a snapshot", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    ada.frames.splice(0);
    ada.send({ type: "sync" });
    expect(await ada.untilType("snapshot")).toEqual(await readRoom(room));
  });

  it("[W10, W12.3] a sync that comes within 5 s of another is answered once they are over", async () => {
    const room = newRoom();
    passTime(0);
    const [ada, bob] = [await join(room, "ada"), await join(room, "bob")];
    const snapshots = () => ada.frames.filter((f) => f !== "pong" && f.type === "snapshot");
    await ada.news();
    for (let n = 1; n <= 5; n++) await ada.ask({ type: "sync" });
    await vi.waitFor(() => expect(snapshots()).toHaveLength(1));
    passTime(4);
    await ada.ask({ type: "sync" });
    await bob.ask({ type: "update", status: "busy" });
    // Until then deltas go on.
    await ada.until((f) => f !== "pong" && f.type === "delta" && f.set[0]?.status === "busy");
    expect(snapshots()).toHaveLength(1);
    passTime(1);
    await bob.ask({ type: "update", status: "away" });
    await vi.waitFor(() => expect(snapshots()).toHaveLength(2));
    expect(snapshots().at(-1)).toEqual(await readRoom(room));
    passTime(4);
    await ada.ask({ type: "sync" });
    await ada.news();
    expect(snapshots()).toEqual([]);
  });

  it(
    "[W12.3] a sync that was put off is answered though nothing else happens",
    { timeout: 20_000 },
    async () => {
      const ada = await join(newRoom(), "ada");
      ada.frames.splice(0);
      for (let n = 1; n <= 3; n++) ada.send({ type: "sync" });
      const isSnapshot = (f: Frame) => f !== "pong" && f.type === "snapshot";
      const first = await ada.until(isSnapshot);
      await ada.until((frame) => isSnapshot(frame) && frame !== first);
      await ada.news().then((frames) => expect(frames.filter(isSnapshot)).toHaveLength(2));
    },
  );

  it("[W12.3] one who leaves while a sync is put off is told nothing more", async () => {
    const room = newRoom();
    passTime(0);
    const [ada, bob] = [await join(room, "ada"), await join(room, "bob")];
    for (let n = 1; n <= 2; n++) await ada.ask({ type: "sync" });
    await ada.ask({ type: "leave" });
    await ada.closed;
    const told = ada.frames.length;
    passTime(5);
    await bob.ask({ type: "update", status: "busy" });
    await bob.news();
    expect(ada.frames).toHaveLength(told);
    await hibernate(room);
  });
});

describe("bad frames", () => {
  const big = "x".repeat(1025);
  it.each<[string, string | ArrayBuffer]>([
    ["no JSON", "hello"],
    ["the room's own pong", "pong"],
    ["an array", "[]"],
    ["null", "null"],
    ["an unknown type", JSON.stringify({ type: "shout", id: "1" })],
    ["an unknown status", JSON.stringify({ type: "update", status: "hungry" })],
    ["data that is an array", JSON.stringify({ type: "update", data: [1] })],
    ["data that is a text", JSON.stringify({ type: "update", data: "x" })],
    ["data above 1 KiB", JSON.stringify({ type: "update", status: "busy", data: { big } })],
    [
      "data above 1 KiB in bytes",
      JSON.stringify({ type: "update", data: { big: "é".repeat(600) } }),
    ],
    ["idle without a boolean", JSON.stringify({ type: "idle", idle: "yes" })],
    ["an id that is too long", JSON.stringify({ type: "sync", id: "x".repeat(65) })],
    ["an id that is no text", JSON.stringify({ type: "sync", id: 7 })],
    ["more than 4 KiB", JSON.stringify({ type: "sync", pad: "x".repeat(4096) })],
    ["1 MiB", JSON.stringify({ type: "update", status: "busy", pad: "x".repeat(2 ** 20) })],
    ["a binary frame", new ArrayBuffer(16)],
  ])(
    "[W6, W11.1] %s is answered with bad_message, and nothing of it is applied",
    async (_, frame) => {
      const room = newRoom();
      const ada = await join(room, "ada");
      const before = await readRoom(room);
      ada.send(frame);
      expect(await ada.untilType("error")).toMatchObject({ code: "bad_message" });
      expect(await readRoom(room)).toEqual(before);
      await ada.ask({ type: "update", status: "busy" });
    },
  );

  it("[W6] an error names the frame's id, where it had one", async () => {
    const ada = await join(newRoom(), "ada");
    ada.send({ type: "shout", id: "frame-7" });
    expect(await ada.untilType("error")).toEqual({
      type: "error",
      code: "bad_message",
      message: expect.any(String),
      id: "frame-7",
    });
  });

  it("[W11.1] unknown keys do no harm", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    await ada.ask({ type: "update", status: "busy", mood: "fine", __proto__: null });
    expect((await readRoom(room)).members[0]?.status).toBe("busy");
  });

  it("[W11.2] the tenth bad frame in a minute closes 4400, with no grace, over hibernation too", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    for (let n = 1; n <= 9; n++) ada.send(`garbage ${n}`);
    await vi.waitFor(() => expect(errorsIn(ada.frames)).toHaveLength(9));
    await hibernate(room);
    passTime(30);
    ada.send("garbage 10");
    expect(await ada.closed).toEqual({ code: 4400, reason: "bad_message" });
    expect(errorsIn(ada.frames)).toHaveLength(10);
    expect((await readRoom(room)).members[0]?.status).toBe("offline");
  });

  it("[W11.2] bad frames of more than a minute ago are forgiven", () => {
    const offences = { bad: [], flooded: [] };
    for (let n = 0; n < 9; n++) expect(countBadFrame(offences, 0)).toBe("answer");
    for (let n = 0; n < 9; n++) expect(countBadFrame(offences, 60_000)).toBe("answer");
    expect(countBadFrame(offences, 60_000)).toBe("close");
  });

  it("[W12.1] frames above 20 in 5 s are dropped, and answered once a second; ping does not count", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    for (let n = 1; n <= 50; n++) ada.send("ping");
    for (let n = 1; n <= 30; n++) ada.send({ type: "update", data: { n } });
    await vi.waitFor(() => expect(errorsIn(ada.frames)).toEqual(["rate_limited"]));
    await vi.waitFor(async () =>
      expect((await readRoom(room)).members[0]?.data).toEqual({ n: 20 }),
    );
    passTime(6);
    await ada.ask({ type: "update", data: { n: 21 } });
    expect((await readRoom(room)).members[0]?.data).toEqual({ n: 21 });
  });

  it("[W12.2] five seconds of flooding in a minute close 4429", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    for (let second = 1; second <= 5; second++) {
      for (let n = 1; n <= 25; n++) ada.send({ type: "idle", idle: false });
      if (second < 5) {
        await vi.waitFor(() => expect(errorsIn(ada.frames)).toHaveLength(second));
        passTime(6);
      }
    }
    expect(await ada.closed).toEqual({ code: 4429, reason: "rate_limited" });
    expect((await readRoom(room)).members[0]?.status).toBe("offline");
  });

  it("[W12.1] starts anew by a clock that was set back", () => {
    const accepted: number[] = [];
    const offences = { bad: [], flooded: [] };
    const count = (now: number) => countFrame(accepted, offences, now);
    for (let n = 0; n < 20; n++) expect(count(9_000_000)).toBe("accept");
    expect(count(9_000_000)).toBe("answer");
    for (let n = 0; n < 20; n++) expect(count(4_000)).toBe("accept");
    expect(count(4_000)).toBe("answer");
  });

  it("[W12.1] counts any 5 s, not fixed ones", () => {
    const accepted: number[] = [];
    const offences = { bad: [], flooded: [] };
    const count = (now: number) => countFrame(accepted, offences, now);
    for (let n = 0; n < 10; n++) expect(count(4_000)).toBe("accept");
    for (let n = 0; n < 10; n++) expect(count(5_500)).toBe("accept");
    expect(count(6_000)).toBe("answer");
    expect(count(6_500)).toBe("drop");
    expect(count(8_999)).toBe("answer");
    for (let n = 0; n < 10; n++) expect(count(9_000)).toBe("accept");
    expect(count(9_000)).toBe("drop");
  });
});

describe("closing", () => {
  /** What ends a connection from the room's side. */
  const ends: [string, number, (room: string, ada: Peer) => unknown][] = [
    ["bad frames", 4400, (_, ada) => Array.from({ length: 10 }, () => ada.send("garbage"))],
    ["a leave", 1000, (_, ada) => ada.send({ type: "leave" })],
    ["a logout", 1000, (_, ada) => ada.send({ type: "logout" })],
    ["no sign of life", 4408, (room) => passTimeWithAlarms(room, 30)],
    ["a kick", 4403, (room) => roomStub(room).kick("ada")],
  ];
  it.each(ends)(
    "[W11.3] after a close for %s nothing that still arrives is looked at",
    async (cause, code, end) => {
      const room = newRoom();
      const lines = vi.spyOn(console, "log").mockImplementation(() => {});
      const ada = await join(room, "ada");
      const before = lines.mock.calls.length;
      await end(room, ada);
      // They arrive behind what ended it, and before its close.
      const frames = [
        { type: "update", status: "busy", id: "late" },
        "garbage",
        new ArrayBuffer(8),
      ];
      for (let n = 1; n <= 40; n++) for (const frame of frames) ada.sendAnyway(frame);
      expect((await ada.closed).code, cause).toBe(code);
      const bob = await join(room, "bob");
      await bob.news();
      expect(JSON.stringify(ada.frames)).not.toContain("late");
      expect(errorsIn(ada.frames).filter((error) => error === "rate_limited")).toEqual([]);
      expect(bob.roll!.members).toMatchObject([{ id: "ada" }, { id: "bob" }]);
      expect(bob.roll!.members[0]!.status).not.toBe("busy");
      const leaves = lines.mock.calls
        .slice(before)
        .flat()
        .filter((line) => line.includes('"leave"') && line.includes(`"${room}"`));
      expect(leaves).toHaveLength(1);
      lines.mockRestore();
    },
  );

  it.each([1000, 1001, 3000, 4000, 4999, undefined])(
    "[W13] a peer's close with %s is answered",
    async (code) => {
      const ada = await join(newRoom(), "ada");
      ada.close(code);
      const { code: answer } = await ada.closed;
      expect(answer).toBe(code ?? 1000);
    },
  );

  it("[W13] a close wakes a hibernating room, and is answered", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    await hibernate(room);
    ada.close(1000, "left");
    expect((await ada.closed).code).toBe(1000);
    await vi.waitFor(async () => expect((await readRoom(room)).members[0]?.status).toBe("offline"));
  });

  it("[W13] a room goes on after a socket is gone", async () => {
    const room = newRoom();
    const response = await tryJoin(room, "ada");
    const ada = new Peer(response.webSocket!);
    ada.close(4000);
    const bob = await join(room, "bob");
    await bob.ask({ type: "update", status: "busy" });
    expect((await readRoom(room)).members).toMatchObject([{ id: "ada" }, { status: "busy" }]);
  });
});
