import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import type { Snapshot } from "../../../src/protocol/messages.ts";
import { createApp, type AuthorizeWatch } from "../../../src/server/index.ts";
import { ask, HOST, refusal } from "../../worker-kit/http.ts";
import { Peer, type Frame } from "../../worker-kit/peer.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import { hibernate } from "../../worker-kit/time.ts";
import { shownTo, unknown, untilShown } from "../../worker-kit/window.ts";

type Asked = Parameters<AuthorizeWatch>;

// The rooms use the rules of the app created last: this one, after production's.
await ask("/healthz");
let asked: Asked[] = [];
const onlyFriends: AuthorizeWatch = (_session, _room, ids) => [
  ...ids.filter((id) => id.startsWith("friend")),
  "somebody",
  "stranger",
];
let rule: AuthorizeWatch = onlyFriends;
const app = createApp({
  authorizeWatch(...given) {
    asked.push(given);
    return rule(...given);
  },
});

beforeEach(() => {
  asked = [];
  rule = onlyFriends;
});

let rooms = 0;
const newRoom = () => `friends-${++rooms}`;
const request = async (path: string, user = "ada", init: RequestInit = {}) => {
  const token = await signIn(user, { name: "Ada", rooms: ["*"], roles: ["staff"] });
  const headers = { Authorization: `Bearer ${token}`, ...init.headers };
  return app.request(`${HOST}${path}`, { ...init, headers }, env);
};
const join = async (room: string, user: string, query = "?view=counts") => {
  const answer = await request(`/rooms/${room}${query}`, user, {
    headers: { Upgrade: "websocket" },
  });
  const peer = new Peer(answer.webSocket!);
  await peer.untilType("watching");
  return peer;
};
/** Sends a frame, and waits for its answer. */
async function told(peer: Peer, frame: object): Promise<string> {
  const id = crypto.randomUUID();
  peer.send({ ...frame, id });
  const isAnswer = (answer: Frame) =>
    answer !== "pong" && (answer.type === "error" || answer.type === "ack") && answer.id === id;
  const answer = await peer.until(isAnswer);
  return answer !== "pong" && answer.type === "error" ? answer.code : "ack";
}

describe("who may watch whom", () => {
  it("[S6.1, S6.2] is the app's to say, once a frame, and others are shown as not known", async () => {
    const room = newRoom();
    for (const user of ["friend-1", "stranger"]) await join(room, user);
    const eve = await join(room, "eve", "?present=false&view=window&limit=100");
    expect(await told(eve, { type: "watch", add: ["stranger", "friend-1", "friend-2"] })).toBe(
      "ack",
    );
    await untilShown(eve, (roll) => roll!.members.length === 3);
    expect(asked).toHaveLength(1);
    const [session, name, ids, context] = asked[0]!;
    expect(session).toMatchObject({ user: { id: "eve", name: "Ada" }, roles: ["staff"] });
    expect([name, ids]).toEqual([room, ["stranger", "friend-1", "friend-2"]]);
    expect(Object.keys(context)).toEqual(["env"]);
    // Additional ids in its answer are ignored.
    const known = eve.roll!.members.filter(({ status }) => status !== "offline");
    expect(known.map(({ id }) => id)).toEqual(["friend-1", "stranger"]);
  });

  it("[S6.2, S6.3] nothing tells who may not be watched from who is not here, whatever they do", async () => {
    const room = newRoom();
    const enemy = await join(room, "enemy");
    const eve = await join(room, "eve", "?present=false&view=window&limit=100");
    expect(shownTo(eve)).toEqual([]);
    expect(await told(eve, { type: "watch", add: ["enemy", "absent"] })).toBe("ack");
    await untilShown(eve, (roll) => roll!.members.length === 2);
    expect(eve.roll!.members).toEqual([unknown("absent"), unknown("enemy")]);
    eve.frames.splice(0);
    await told(enemy, { type: "update", status: "busy" });
    await hibernate(room);
    await told(enemy, { type: "update", status: "away" });
    await told(eve, { type: "sync" });
    await eve.untilType("snapshot");
    expect(eve.roll!.members).toEqual([unknown("absent"), unknown("enemy")]);
    expect(JSON.stringify(eve.frames)).not.toMatch(/busy|away|online":"/);
  });

  it("[S6.1, S6.2, S6.3] holds for reads and leases, and not for the app's backend", async () => {
    const room = newRoom();
    for (const user of ["friend-1", "enemy"]) await join(room, user);
    const read = await request(`/rooms/${room}?view=window&watch=enemy&watch=friend-1`);
    const { members } = await read.json<Snapshot>();
    expect(members).toMatchObject([unknown("enemy"), { id: "friend-1", status: "online" }]);
    expect(asked[0]![3].request).toBeInstanceOf(Request);
    const body = JSON.stringify({ view: "window", limit: 9, watch: ["enemy", "friend-1"] });
    const held = await request(`/rooms/${room}/me`, "ada", { method: "PUT", body });
    const { state } = await held.json<{ state: Snapshot }>();
    expect(state.members).toMatchObject([unknown("enemy"), { id: "friend-1", status: "online" }]);
    expect(asked).toHaveLength(2);
    const SERVER_KEY = "s".repeat(32);
    const backend = await app.request(
      `${HOST}/rooms/${room}?view=window&watch=enemy&limit=1`,
      { headers: { Authorization: `Bearer ${SERVER_KEY}` } },
      { ...env, SERVER_KEY },
    );
    const all = await backend.json<Snapshot>();
    expect(all.members).toMatchObject([{ id: "ada" }, { id: "enemy", status: "online" }]);
    expect(asked).toHaveLength(2);
  });

  it("[S6.3, S3.4] holds for a stranger who signs in", async () => {
    const room = `public-${newRoom()}`;
    await join(room, "friend-1");
    const answer = await app.request(
      `${HOST}/rooms/${room}?present=false&view=window&limit=100`,
      { headers: { Upgrade: "websocket" } },
      env,
    );
    const eve = new Peer(answer.webSocket!);
    await eve.untilType("watching");
    eve.frames.splice(0);
    await eve.ask({ type: "auth", token: await signIn("eve") });
    expect(await eve.untilType("snapshot")).toMatchObject({ members: [], online: 1 });
    expect(await told(eve, { type: "watch", add: ["friend-1", "enemy"] })).toBe("ack");
    await untilShown(eve, () => shownTo(eve).join() === "enemy,friend-1");
  });

  it("[S6.2, S4.5] an entity tag does not tell them apart either, and changes with the rule", async () => {
    const room = newRoom();
    await join(room, "ada");
    const tagOf = async (headers = {}) => {
      const answer = await request(`/rooms/${room}?view=counts&watch=ada`, "eve", { headers });
      return [answer.status, answer.headers.get("ETag")];
    };
    rule = () => [];
    const [, denied] = await tagOf();
    const [, again] = await tagOf();
    expect(again).toBe(denied);
    const absent = `/rooms/${room}?view=counts&watch=bob`;
    const answers = [];
    for (const each of [() => [], onlyFriends, () => ["bob"]]) {
      rule = each;
      answers.push((await request(absent, "eve")).headers.get("ETag"));
    }
    expect(new Set(answers).size).toBe(1);
    rule = () => ["ada"];
    expect(await tagOf({ "If-None-Match": denied })).toEqual([200, expect.any(String)]);
    expect((await tagOf())[1]).not.toBe(denied);
  });

  it.each<[string, AuthorizeWatch]>([
    ["throws", () => Promise.reject(new Error("down"))],
    ["returns no list", (() => undefined) as unknown as AuthorizeWatch],
    ["returns a string", () => "friend-2"],
    ["does not answer", () => new Promise<never>(() => {})],
  ])("[S6.4] that it %s refuses, and applies nothing", async (_how, broken) => {
    const room = newRoom();
    await join(room, "friend-1");
    const eve = await join(room, "eve", "?present=false&view=window");
    expect(await told(eve, { type: "watch", add: ["friend-1"] })).toBe("ack");
    await untilShown(eve, (roll) => roll!.members.length === 1);
    rule = broken;
    const swap = { type: "watch", remove: ["friend-1"], add: ["friend-2"] };
    expect(await told(eve, swap)).toBe("session_unavailable");
    expect(shownTo(eve)).toEqual(["friend-1"]);
    const read = await request(`/rooms/${room}?view=window&watch=friend-1`);
    expect(await refusal(read)).toEqual([503, "session_unavailable"]);
    rule = onlyFriends;
    expect(await told(eve, { type: "watch", remove: ["friend-1"] })).toBe("ack");
    await untilShown(eve, (roll) => roll!.members.length === 0);
  });

  it("[S6.4] frames take effect in the order that they were sent", async () => {
    const eve = await join(newRoom(), "eve", "?present=false&view=window");
    const { promise, resolve } = Promise.withResolvers<void>();
    rule = async (...given) => {
      if (given[2].includes("friend-1")) await promise;
      return onlyFriends(...given);
    };
    const first = told(eve, { type: "watch", add: ["friend-1"] });
    const second = told(eve, { type: "watch", remove: ["friend-1"], add: ["friend-2"] });
    await told(eve, { type: "alive", n: 0 });
    resolve();
    expect(await Promise.all([first, second])).toEqual(["ack", "ack"]);
    await untilShown(eve, () => shownTo(eve).join() === "friend-2");
  });

  it("[S6.4, T3.4] what was asked for one user does not come about for the next", async () => {
    const eve = await join(newRoom(), "eve", "?present=false&view=window");
    const { promise, resolve } = Promise.withResolvers<void>();
    rule = async (...given) => {
      await promise;
      return onlyFriends(...given);
    };
    eve.send({ type: "watch", add: ["friend-1"] });
    await eve.ask({ type: "auth", token: await signIn("zoe") });
    resolve();
    expect(await told(eve, { type: "watch", add: ["friend-2"] })).toBe("ack");
    await untilShown(eve, () => shownTo(eve).join() === "friend-2");
  });
});
