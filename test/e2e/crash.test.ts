import { randomInt } from "node:crypto";
import { afterEach, expect, it, onTestFinished } from "vitest";
import type { Member } from "../../src/protocol/messages.ts";
import { eventually, RawClient, readRoom, signToken } from "./client-kit.ts";
import { Crowd, randomFrom } from "./crowd.ts";
import { type Server, startServer } from "./server.ts";

const ROUNDS = 3;
const TABS = 200;
/** The number of people in each round. */
const LOST = 30;
/** Long enough for people to choose while others still come. */
const GROWTH_MS = 1_500;
const GRACE_MS = 4_000;
const ROOM = "crowded";
/** For two hundred clients in one process. */
const PATIENCE_MS = 150_000;
const TIMEOUT_MS = 600_000;
const VARS = { GRACE_SECONDS: String(GRACE_MS / 1000) };

let server: Server;

afterEach(() => server?.stop());

/** Kills the room's process while people join and choose; returns when. */
async function crash(crowd: Crowd, random: () => number): Promise<{ killedAt: number }> {
  const ending = new AbortController();
  const acked = crowd.untilAcked(20 + Math.floor(150 * random()));
  for (const person of crowd.people) void person.choose(random, ending.signal);
  const grown = crowd.grow(TABS, GROWTH_MS, ending.signal);
  await acked;
  const killed = server.kill();
  ending.abort();
  const killedAt = Date.now();
  console.log(`Killed with ${crowd.onlineTabs} tabs in the room, ${crowd.tabs.length} opened.`);
  await Promise.all([killed, grown]);
  return { killedAt };
}

/** Every state of a member that a client received. */
function statesTold({ frames }: RawClient): Member[] {
  return frames.flatMap((frame) => {
    if (frame.type === "snapshot") return frame.members;
    return frame.type === "delta" ? frame.set : [];
  });
}

it(
  "[L6.1, L6.2, L4.3, M2, V5] a killed room finds every acknowledged status again, loses no choice, and has no ghosts",
  async () => {
    const seed = Number(process.env["SEED"] ?? randomInt(2 ** 31));
    console.log(`SEED=${seed}`);
    const random = randomFrom(seed);
    server = await startServer({ vars: VARS });
    const crowd = new Crowd(server, ROOM, random);
    onTestFinished(() => crowd.leave());
    const token = await signToken(server.secret, "watcher");

    for (let round = 0; round < ROUNDS; round++) {
      const { killedAt } = await crash(crowd, random);
      const ghosts = crowd.lose(LOST);
      // A user who may have appeared offline at the end may be shown so afterwards.
      const mayHide = new Set(
        crowd.people.filter(({ possible }) => possible.includes("offline")).map(({ id }) => id),
      );

      const restartedAt = performance.now();
      server = await startServer({ vars: VARS, persist: server.persist, port: server.port });
      const watcher = await RawClient.join(server, ROOM, token);
      const watchedSince = Date.now();

      // All who were there come back by themselves.
      await eventually(
        () => crowd.people.filter((person) => !person.isOnline).map(({ id }) => id),
        (missing) => missing.length === 0,
        { withinMs: PATIENCE_MS },
      );
      await eventually(
        () => crowd.people.filter((person) => !person.hasItsWill).map(({ id }) => id),
        (losers) => losers.length === 0,
        { withinMs: PATIENCE_MS },
      );

      // Those who came back within the grace period were never shown as absent.
      const inTime = crowd.people.filter((p) => p.welcomedAt < restartedAt + GRACE_MS);
      const neverAbsent = new Set(
        inTime.filter((p) => p.chosen !== "offline" && !mayHide.has(p.id)).map(({ id }) => id),
      );
      const absent = statesTold(watcher).filter(({ status }) => status === "offline");
      expect(absent.filter(({ id }) => neverAbsent.has(id))).toEqual([]);
      console.log(`${inTime.length} of ${crowd.people.length} people came back within the grace.`);

      // After it the ghosts are gone, and every tab shows what the room answers.
      const connections = crowd.people.reduce((sum, person) => sum + person.shownConnections, 1);
      const snapshot = await eventually(
        () => readRoom(server, ROOM, token),
        (answer) => answer.connections === connections && crowd.disagreeing(answer).length === 0,
        { withinMs: PATIENCE_MS },
      );
      const found = new Map(snapshot.members.map((member) => [member.id, member]));
      for (const person of crowd.people) {
        expect(found.get(person.id), person.id).toMatchObject({
          status: person.chosen ?? "online",
          connections: person.shownConnections,
        });
      }
      for (const { id, possible } of ghosts) {
        expect(found.get(id), id).toMatchObject({ status: "offline", connections: 0 });
        const lostAt = Date.parse(found.get(id)!.lastOnline!);
        if (!possible.includes("offline")) expect(lostAt, id).toBeGreaterThanOrEqual(killedAt);
        expect(lostAt, id).toBeLessThanOrEqual(watchedSince);
      }

      // The ghosts keep what they chose.
      for (const { id, possible } of ghosts.slice(0, 5)) {
        const back = await RawClient.join(server, ROOM, await signToken(server.secret, id));
        const { self } = await back.welcome();
        expect(possible, id).toContain(self.chosen);
        await back.leave();
      }
      await watcher.leave();
    }
  },
  TIMEOUT_MS,
);

it("[L6.2, L7.1] a killed room that nobody comes back to wakes by itself, and has no ghosts", async () => {
  const vars = { STALE_SECONDS: "3", GRACE_SECONDS: "1" };
  server = await startServer({ vars });
  const users = ["ada", "bob", "cleo"];
  const tokens = await Promise.all(users.map((user) => signToken(server.secret, user)));
  for (const token of tokens) await RawClient.join(server, "deserted", token);
  await server.kill();

  const { persist, port } = server;
  server = await startServer({ vars, persist, port });
  const lost = () => server.logs.filter((line) => line.startsWith('{"event":"leave"'));
  await eventually(lost, ({ length }) => length === users.length);
  const { members } = await eventually(
    () => readRoom(server, "deserted", tokens[0]!),
    ({ online }) => online === 0,
  );
  expect(members.map(({ id, status }) => [id, status])).toEqual(
    users.map((user) => [user, "offline"]),
  );
});
