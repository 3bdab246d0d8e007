import { randomBytes, randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import type { Snapshot } from "../../src/protocol/messages.ts";
import { eventually, RawClient, signToken } from "./client-kit.ts";
import { randomFrom } from "./crowd.ts";
import { type Server, startServer } from "./server.ts";

const ROUNDS = 4;
const ROOMS = ["a", "b", "c", "d"];
const USERS = Array.from({ length: 24 }, (_, n) => `p${n}`);
/** The most that a person does before the next crash: 60 connects a minute are allowed. */
const DEEDS = 10;
const TIMEOUT_MS = 600_000;
const WAIT_MS = 40_000;

const SERVER_KEY = randomBytes(32).toString("base64url");
// The list of rooms is right again after four ninths of it (SPEC B9.2).
const VARS = { SERVER_KEY, GRACE_SECONDS: "1", STALE_SECONDS: "45" };

let server: Server;

afterEach(() => server?.stop());

/** Sends a request of the app's backend; fails if the server is gone, or refuses. */
async function askBackend<Answer>(path: string, init: RequestInit = {}): Promise<Answer> {
  const headers = { Authorization: `Bearer ${SERVER_KEY}` };
  const signal = AbortSignal.timeout(WAIT_MS);
  const response = await fetch(`${server.url}${path}`, { ...init, headers, signal });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as Answer;
}

interface Visit {
  room: string;
  session: string;
  client: RawClient;
}

/** One user, who comes and goes in all rooms, each time with a new session. */
class Person {
  readonly id: string;
  visits: Visit[] = [];
  /** Sessions whose revocation was acknowledged. */
  readonly revoked: string[] = [];
  #sessions = 0;

  constructor(id: string) {
    this.id = id;
  }

  token(session: string): Promise<string> {
    return signToken(server.secret, this.id, { sid: session });
  }

  async join(room: string): Promise<void> {
    const session = `s${++this.#sessions}`;
    const client = await RawClient.join(server, room, await this.token(session));
    // The close frame comes at once; but workerd ends the connection under a socket that never sent
    // anything only once its room hibernates (seen).
    client.send("ping");
    this.visits.push({ room, session, client });
  }

  revoke(session?: string): Promise<{ closed: number }> {
    const body = JSON.stringify({ session });
    return askBackend(`/users/${this.id}/revocations`, { method: "POST", body });
  }

  async #act(random: () => number): Promise<void> {
    const visit = this.visits[Math.floor(random() * this.visits.length)];
    const chance = random();
    if (!visit || chance < 0.5) return this.join(ROOMS[Math.floor(random() * ROOMS.length)]!);
    this.visits = this.visits.filter((other) => other !== visit);
    if (chance < 0.7) return visit.client.leave();
    if (chance < 0.8) return visit.client.ws.terminate();
    await this.revoke(visit.session);
    this.revoked.push(visit.session);
    await visit.client.untilClosed();
  }

  /** Comes and goes until the server dies. */
  async live(random: () => number, stop: AbortSignal): Promise<void> {
    for (let deed = 0; deed < DEEDS && !stop.aborted; deed++) {
      try {
        await this.#act(random);
      } catch (error) {
        if (!stop.aborted) throw error;
      }
    }
  }
}

interface Whereabouts {
  connections: number;
  rooms: { room: string; connections: number }[];
}

/**
 * For each user the rooms that show them present, as the rooms themselves and as the users' objects
 * say.
 */
async function bothViews(): Promise<[unknown, unknown]> {
  const snapshots = await Promise.all(ROOMS.map((room) => askBackend<Snapshot>(`/rooms/${room}`)));
  const byRoom = USERS.map((user) =>
    snapshots.flatMap(({ room, members }) =>
      members
        .filter(({ id, status }) => id === user && status !== "offline")
        .map(({ connections }) => [room, connections]),
    ),
  );
  const byUser = await Promise.all(
    USERS.map(async (user) => {
      const { rooms } = await askBackend<Whereabouts>(`/users/${user}`);
      return rooms.map(({ room, connections }) => [room, connections]);
    }),
  );
  return [byRoom, byUser];
}

it(
  "[B3.2, B4.4] after a kill at any moment no revocation is lost, and the users' objects know of every room",
  async () => {
    const seed = Number(process.env["SEED"] ?? randomInt(2 ** 31));
    console.log(`SEED=${seed}`);
    const random = randomFrom(seed);
    server = await startServer({ vars: VARS });
    const people = USERS.map((id) => new Person(id));

    for (let round = 0; round < ROUNDS; round++) {
      const ending = new AbortController();
      const lives = people.map((person) => person.live(random, ending.signal));
      await sleep(300 + 1_200 * random());
      ending.abort();
      await server.kill();
      await Promise.all(lives);
      const count = people.reduce((sum, { visits }) => sum + visits.length, 0);
      console.log(`Killed with ${count} connections.`);
      const { persist, port } = server;
      server = await startServer({ vars: VARS, persist, port });
      for (const person of people) person.visits = [];

      // A user's object knows every room that still shows the user in the grace period, and later
      // none.
      await eventually(bothViews, ([rooms, users]) => {
        return JSON.stringify(rooms) === JSON.stringify(users);
      });
      await eventually(
        bothViews,
        (views) =>
          JSON.stringify(views) === JSON.stringify([USERS.map(() => []), USERS.map(() => [])]),
      );

      for (const person of people) {
        for (const session of person.revoked.slice(-3)) {
          const headers = { Authorization: `Bearer ${await person.token(session)}` };
          const answer = await fetch(`${server.url}/rooms/a`, { headers });
          expect(await answer.json(), `${person.id} ${session}`).toMatchObject({
            error: { code: "session_revoked" },
          });
        }
      }

      // Everything works as before: they join, are found, and can be ended everywhere.
      await Promise.all(people.flatMap((person) => ROOMS.map((room) => person.join(room))));
      const full = USERS.map(() => ROOMS.map((room) => [room, 1]));
      expect(await bothViews()).toEqual([full, full]);
      const [unlucky] = people as [Person];
      const closed = await Promise.all(
        unlucky.visits.map(async ({ session, client }) => {
          await unlucky.revoke(session);
          unlucky.revoked.push(session);
          return client.untilClosed();
        }),
      );
      expect(closed).toEqual(ROOMS.map(() => ({ code: 4401, reason: "session_revoked" })));
      unlucky.visits = [];
    }
    console.log(
      `${people.reduce((sum, { revoked }) => sum + revoked.length, 0)} revocations held.`,
    );
  },
  TIMEOUT_MS,
);
