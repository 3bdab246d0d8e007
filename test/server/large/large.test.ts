import { describe, expect, it } from "vitest";
import { formatSince } from "../../../src/protocol/since.ts";
import { ask, askAs, refusal } from "../../worker-kit/http.ts";
import { giveUp, hold } from "../../worker-kit/lease.ts";
import { deltas, join, Peer, tryJoin, welcomeOf } from "../../worker-kit/peer.ts";
import { objectOf, objectsOf, usersOfShards } from "../../worker-kit/large.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import { query, tablesOf } from "../../worker-kit/time.ts";
import {
  framesOf,
  openWindow,
  readWindow,
  settle,
  shownTo,
  unknown,
  untilShown,
} from "../../worker-kit/window.ts";

let rooms = 0;
const newRoom = () => `large-${++rooms}`;
/** One of each shard. */
const USERS = usersOfShards();
const FIRST = USERS[0]!;

async function joinAll(room: string): Promise<Peer[]> {
  const peers: Peer[] = [];
  for (const user of USERS) peers.push(await join(room, user));
  return peers;
}

describe("a large room", () => {
  it("[N1.1, N1.2, N3.1] shows people of all shards to each other and to readers, at one version", async () => {
    const room = newRoom();
    const peers = await joinAll(room);
    for (const peer of peers) {
      await untilShown(peer, (roll) => roll!.online === 4 && roll!.members.length === 4);
      expect(shownTo(peer)).toEqual(USERS.toSorted());
      expect(welcomeOf(peer).room).toBe(room);
    }
    const read = await readWindow(room, "");
    expect(read).toMatchObject({ room, online: 4, connections: 4 });
    for (const peer of peers) {
      expect(peer.roll).toMatchObject({ epoch: read.epoch, version: read.version });
      expect(peer.roll!.members).toEqual(read.members);
    }
    await peers[0]!.ask({ type: "update", status: "busy", data: { at: "desk" } });
    for (const peer of peers) {
      await untilShown(peer, (roll) => roll!.members.some(({ status }) => status === "busy"));
    }
    await peers[1]!.ask({ type: "leave" });
    for (const peer of [peers[0]!, peers[2]!, peers[3]!]) {
      await untilShown(peer, (roll) => roll!.online === 3);
    }
  });

  it("[N1.2, S5.2] is watched: people of other shards, and those whom nobody knows", async () => {
    const room = newRoom();
    const [peer] = await joinAll(room);
    const eve = await openWindow(room, "eve");
    await eve.ask({ type: "watch", add: [FIRST, "nobody"] });
    await untilShown(eve, (roll) => roll!.members.length === 2);
    await peer!.ask({ type: "update", status: "busy" });
    await untilShown(eve, (roll) => roll!.members[1]?.status === "busy");
    expect(eve.roll!.members).toMatchObject([unknown("nobody"), { id: FIRST }]);
    const later = await tryJoin(room, "zoe", {
      query: "?present=false&view=window&limit=0&watch=later",
    });
    const zoe = new Peer(later.webSocket!);
    zoe.send({ type: "watch", add: [FIRST] });
    await zoe.untilType("snapshot");
    expect(shownTo(zoe)).toEqual([FIRST]);
  });

  it("[N2.1, N3.2] keeps all tabs of a user in one shard, and shows each joiner themselves at first", async () => {
    const room = newRoom();
    const tabs = await Promise.all(Array.from({ length: 5 }, () => join(room, FIRST)));
    for (const tab of tabs) expect(framesOf(tab, "snapshot")[0]).toMatchObject({ online: 1 });
    for (const tab of tabs) await untilShown(tab, (roll) => roll!.connections === 5);
    const members = await query(objectOf(room, FIRST), "SELECT id FROM members");
    expect(members).toEqual([{ id: FIRST }]);
    for (const object of objectsOf(room)) {
      if (object !== objectOf(room, FIRST)) expect(await tablesOf(object)).toEqual([]);
    }
  });

  it("[N1.2, V3] answers a since of the same version by an empty delta", async () => {
    const room = newRoom();
    const [, peer] = await joinAll(room);
    await untilShown(peer!, (roll) => roll!.online === 4);
    const query = `?present=false&view=window&limit=20&since=${formatSince(peer!.roll!)}`;
    const back = await join(room, "zoe", { query, holds: peer!.roll! });
    expect(deltas(back.frames)).toMatchObject([{ set: [], gone: [] }]);
  });

  it("[N2.2] its hub and shards can be named by nobody", async () => {
    const room = newRoom();
    await joinAll(room);
    for (const name of [`${room}#4/0`, `${room}#4`, `${room}/0`]) {
      const answer = await askAs("ada", `/rooms/${encodeURIComponent(name)}`);
      expect(await refusal(answer)).toEqual([400, "room_invalid"]);
    }
  });

  it("[N1.2, S2.1] counts the watchers of all shards", async () => {
    const room = newRoom();
    const watchers = await Promise.all(USERS.map((user) => openWindow(room, user)));
    for (const each of watchers) {
      await each.until(
        (frame) => frame !== "pong" && frame.type === "watching" && frame.watching === 4,
      );
    }
    expect(await readWindow(room, "fields=counts")).toMatchObject({ online: 0, watching: 4 });
  });

  it("[N1.2, P1.1, P2.3] has leases, whose answer includes their holder, and which end without a session", async () => {
    const room = newRoom();
    const [peer] = await joinAll(room);
    const { lease, state } = await hold(room, "zoe", { status: "busy" });
    expect(state).toMatchObject({ type: "snapshot", online: 5 });
    const again = await hold(room, "zoe", { lease, since: formatSince(state), limit: 20 });
    expect(again).toMatchObject({ lease, self: { id: "zoe", chosen: "busy" } });
    await untilShown(peer!, (roll) => roll!.online === 5);
    expect((await giveUp(room, { lease })).status).toBe(204);
    await untilShown(peer!, (roll) => roll!.online === 4);
  });

  it("[N1.2, P2.1, P2.3] has a lease ended by whoever has it, whatever shard their own session belongs to", async () => {
    const room = newRoom();
    const [peer] = await joinAll(room);
    for (const user of USERS) {
      const { lease } = await hold(room, "zoe");
      await untilShown(peer!, (roll) => roll!.online === 5);
      const Authorization = `Bearer ${await signIn(user)}`;
      expect((await giveUp(room, { lease }, { Authorization })).status).toBe(204);
      await untilShown(peer!, (roll) => roll!.online === 4);
    }
  });

  it("[N1.2, S3.1] has public counts, for strangers by their address", async () => {
    const room = `public-${newRoom()}`;
    await joinAll(room);
    const opened = await ask(`/rooms/${room}?present=false&view=window`, {
      headers: { Upgrade: "websocket" },
    });
    const stranger = new Peer(opened.webSocket!);
    await untilShown(stranger, (roll) => roll!.online === 4);
    expect(shownTo(stranger)).toEqual([]);
    expect(await (await ask(`/rooms/${room}?fields=counts`)).json()).toMatchObject({ online: 4 });
  });

  it("[N1.3] has no signals: not for everybody, not for some, and whoever asks", async () => {
    const room = newRoom();
    const [peer, other] = await joinAll(room);
    expect(welcomeOf(peer!)).not.toHaveProperty("signals");
    const signals = [{}, { data: { x: 1 } }, { to: [] }, { to: USERS.slice(1) }];
    for (const [at, rest] of signals.entries()) {
      peer!.send({ type: "signal", name: "typing", id: `s${at}`, ...rest });
    }
    await peer!.until((frame) => frame !== "pong" && frame.type === "error" && frame.id === "s3");
    expect(framesOf(peer!, "error")).toMatchObject(
      signals.map((_, at) => ({ code: "room_too_large", id: `s${at}` })),
    );
    await peer!.ask({ type: "update", status: "offline" });
    peer!.send({ type: "signal", name: "typing", id: "hidden" });
    await peer!.until((frame) => JSON.stringify(frame).includes('"hidden"'));
    expect(framesOf(peer!, "error").at(-1)).toMatchObject({ code: "room_too_large" });
    await settle(other!);
    expect(framesOf(other!, "signals")).toEqual([]);
  });

  it("[N1.3, S1.3, W11.1] answers a signal of a watcher as in any room, and a malformed one too", async () => {
    const room = newRoom();
    const [peer] = await joinAll(room);
    const watcher = await openWindow(room, "eve");
    watcher.send({ type: "signal", name: "typing", id: "w" });
    expect(await watcher.untilType("error")).toMatchObject({ code: "not_present", id: "w" });
    for (const bad of [{ name: "" }, { name: "x".repeat(65) }, { name: "a", to: "ada" }]) {
      peer!.send({ type: "signal", ...bad });
    }
    peer!.send({ type: "signal", name: "a", data: "x".repeat(1_024) });
    peer!.send({
      type: "signal",
      name: "a",
      to: Array.from({ length: 10_000 }, (_, at) => `u${at}`),
    });
    await settle(peer!);
    expect(framesOf(peer!, "error")).toMatchObject(
      Array.from({ length: 5 }, () => ({ code: "bad_message" })),
    );
  });

  it("[N1.3, G2.3] a storm of signals closes nobody, and delays no change", async () => {
    const room = newRoom();
    const [peer, other] = await joinAll(room);
    for (let at = 0; at < 300; at++) peer!.send({ type: "signal", name: `n${at}` });
    await peer!.ask({ type: "update", status: "busy" });
    await untilShown(other!, (roll) => roll!.members.some(({ status }) => status === "busy"));
    const codes = framesOf(peer!, "error").map((frame) => (frame as { code: string }).code);
    expect(codes.filter((code) => code === "room_too_large").length).toBeGreaterThanOrEqual(150);
    expect(codes.filter((code) => !["room_too_large", "rate_limited"].includes(code))).toEqual([]);
    expect(framesOf(other!, "signals")).toEqual([]);
  });
});
