import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterEach, expect, it } from "vitest";
import { eventually, signToken } from "./client-kit.ts";
import { RemoteCrowd } from "./large/remote-crowd.ts";
import { TruthReader, type Truth } from "./large/truth.ts";
import { type Server, startServer } from "./server.ts";

const ROOM = "everyone";
/** For a longer manual run: up to 9,000, since a process may have 20,000 descriptors. */
const SOCKETS = Number(process.env["LARGE_SOCKETS"] ?? 400);
const CHANGES_PER_SECOND = 200;
/** Some of them are sent to the server that is killed. */
const CHANGES_BEFORE = SOCKETS / 2;
/** The number of windows that do not come back. */
const LOST = Math.ceil(SOCKETS / 10);
/** Long enough for most to come back in it. */
const GRACE_SECONDS = Math.max(4, Math.ceil(SOCKETS / 150));
const PATIENCE_MS = 120_000;
const TIMEOUT_MS = 600_000 + 100 * SOCKETS;
const VARS = {
  LARGE_ROOMS: `${ROOM}=8`,
  GRACE_SECONDS: String(GRACE_SECONDS),
  // A shard that is not heard after the restart is asked in a part of it (SPEC N4.3).
  STALE_SECONDS: "45",
};

let server: Server;
let crowd: RemoteCrowd;

afterEach(async () => {
  crowd?.dismiss();
  await server?.stop();
});

/** Says what a part of the test took; it is measured, not required. */
async function measured<Result>(what: string, act: () => Promise<Result>): Promise<Result> {
  const before = { at: performance.now(), ...(await figures()) };
  const result = await act();
  const after = await figures();
  const seconds = (performance.now() - before.at) / 1000;
  const frames = after.frames - before.frames;
  const kilobytes = Math.round((after.bytes - before.bytes) / 1000);
  console.log(
    `${what}: ${seconds.toFixed(1)} s; server ${after.serverCpuMs - before.serverCpuMs} ms of CPU, ` +
      `${after.serverRssMb} MB; ${after.open} windows got ${frames} frames, ${kilobytes} kB; ` +
      `their process ${after.cpuMs - before.cpuMs} ms of CPU, ${after.rssMb} MB`,
  );
  return result;
}

async function figures() {
  const status = readFileSync(`/proc/${server.pid}/status`, "utf8");
  const ticks = readFileSync(`/proc/${server.pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return {
    ...(await crowd.call("figures")),
    // In hundredths of a second.
    serverCpuMs: (Number(ticks[11]) + Number(ticks[12])) * 10,
    serverRssMb: Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024),
  };
}

/** Waits until every window shows what `GET` answers of these users, which is as wanted. */
async function untilSame(
  reader: TruthReader,
  users: readonly string[],
  isWanted: (truth: Truth) => boolean,
): Promise<Truth> {
  const { truth } = await eventually(
    async () => {
      const truth = await reader.read(users);
      if (truth === null || !isWanted(truth)) return { truth, wrong: [`not yet`], count: 0 };
      const wrong = await crowd.call("disagreeing", truth);
      return { truth, wrong: wrong.slice(0, 3), count: wrong.length };
    },
    ({ wrong }) => wrong.length === 0,
    { withinMs: PATIENCE_MS },
  );
  return truth!;
}

const countsOf = (present: readonly [user: string, connections: number][]) => ({
  online: present.length,
  connections: present.reduce((sum, [, connections]) => sum + connections, 0),
});

const has = (counts: Pick<Truth, "online" | "connections">) => (truth: Truth) =>
  truth.online === counts.online && truth.connections === counts.connections;

it(
  "[N1.2, N3.1, N4.1, N4.2, L6.1, L6.2, V5] a large room whose process is killed under load is whole again for everybody, who saw nobody gone that came back in time",
  async () => {
    const seed = Number(process.env["SEED"] ?? randomInt(2 ** 31));
    console.log(`SEED=${seed}`);
    server = await startServer({ vars: VARS });
    const { secret, port, persist, url } = server;
    const reader = new TruthReader(`${url}/rooms/${ROOM}`, (name) => signToken(secret, name));
    crowd = await RemoteCrowd.gather({ port, secret, room: ROOM, sockets: SOCKETS, seed });
    const before = await crowd.call("present");
    const users = before.map(([user]) => user);

    await measured("Storm", () => crowd.call("connect"));
    await measured("Same after the storm", () => untilSame(reader, users, has(countsOf(before))));
    await crowd.call("takeAbsences");
    await measured("Changes", async () => {
      await crowd.call("choose", CHANGES_PER_SECOND);
      await crowd.call("untilAcked", CHANGES_BEFORE);
    });

    await server.kill();
    const killedAt = Date.now();
    expect(await crowd.call("takeAbsences")).toEqual([]);
    await eventually(
      () => crowd.call("figures"),
      ({ open }) => open === 0,
    );
    const lost = new Set(await crowd.call("lose", LOST));
    // An alarm that is due wakes shards before the server is known to listen.
    const restartedAt = Date.now();
    server = await startServer({ vars: VARS, persist, port });
    await measured("Storm after the restart", () => crowd.call("connect"));
    await crowd.call("choose", 0);
    await measured("Same after the restart", () => untilSame(reader, users, () => true));

    // Those who came back within the grace period were never shown as absent.
    const welcomed = await crowd.call("welcomed");
    const isInTime = ([, at]: [string, number]) => at < restartedAt + GRACE_SECONDS * 1000;
    const inTime = new Set(welcomed.filter(isInTime).map(([user]) => user));
    const present = new Set(users.filter((user) => !lost.has(user)));
    console.log(`${inTime.size} of ${welcomed.length} people came back within the grace period.`);

    // After it those who did not come back are gone, and every window shows what the room answers.
    const counts = countsOf(await crowd.call("present"));
    const truth = await measured("Same after the grace period", () =>
      untilSame(reader, users, has(counts)),
    );
    const absences = await crowd.call("takeAbsences");
    expect(absences.filter(({ user }) => present.has(user) && inTime.has(user))).toEqual([]);
    const found = new Map(truth.members.map((member) => [member.id, member]));
    for (const [user, statuses] of await crowd.call("possible")) {
      const shown = statuses.map((status) => status ?? "online");
      expect(shown, user).toContain(found.get(user)!.status);
    }
    for (const user of lost) {
      expect(found.get(user), user).toMatchObject({ status: "offline", connections: 0 });
      expect(Date.parse(found.get(user)!.lastOnline!), user).toBeGreaterThanOrEqual(killedAt);
    }

    // What is composed here from many answers is what one answer says.
    const watched = [...lost].slice(0, 3);
    const { members } = await reader.window(watched, 20);
    expect(members.filter(({ id }) => watched.includes(id))).toHaveLength(watched.length);
    expect(members).toHaveLength(20 + watched.length);
    console.log(`Connections ended: ${JSON.stringify(await crowd.call("takeEnds"))}`);
  },
  TIMEOUT_MS,
);
