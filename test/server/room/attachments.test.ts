import { runInDurableObject } from "cloudflare:test";
import { afterEach, expect, it, vi } from "vitest";
import {
  decodeAttachment,
  encodeAttachment,
  type Attachment,
  type LegacyAttachment,
} from "../../../src/server/room/connections/attachment.ts";
import { ROOM_URL } from "../../../src/server/room/room-request.ts";
import { join, Peer } from "../../worker-kit/peer.ts";
import { HOST, readRoom } from "../../worker-kit/http.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import { hibernate, passTimeWithAlarms, roomStub } from "../../worker-kit/time.ts";
import { fromOldWorker } from "../../worker-kit/old-worker.ts";

afterEach(() => void vi.useRealTimers());

let rooms = 0;
const newRoom = () => `attachments-${++rooms}`;

/** The attachment of the room's only socket. */
function attached(room: string): Promise<unknown> {
  return runInDurableObject(roomStub(room), (_room, state) =>
    state.getWebSockets()[0]!.deserializeAttachment(),
  );
}

/** Replaces the attachment of the room's only socket by one of an earlier version. */
function attach(room: string, change: (legacy: LegacyAttachment) => unknown): Promise<void> {
  return runInDurableObject(roomStub(room), (_room, state) => {
    const [ws] = state.getWebSockets();
    const { origin, ...attachment } = JSON.parse(ws!.deserializeAttachment() as string);
    delete attachment.renews;
    delete attachment.owed;
    ws!.serializeAttachment(change({ ...attachment, host: new URL(origin).host }));
  });
}

it("[A2.4, L2.2, L3.1] the largest session is probed and removed as stale, over hibernation too", async () => {
  const room = newRoom();
  const now = Date.now();
  // In UTF-8 this is within the bound of sessions; as a structured clone it would be 20,000 bytes.
  const roles = Array.from({ length: 80 }, () => `語${"x".repeat(124)}`);
  const joiner = { user: { id: "ada" }, roles, issuedAt: now, expiresAt: now + 3_600_000 };
  const asked = fromOldWorker({ requestId: "1", joiner });
  const { webSocket } = await roomStub(room).fetch(ROOM_URL, asked);
  const ada = new Peer(webSocket!);
  await ada.untilType("snapshot");
  await hibernate(room);
  await passTimeWithAlarms(room, 39);
  await ada.untilType("probe");
  await hibernate(room);
  await passTimeWithAlarms(room, 6);
  expect(await ada.closed).toEqual({ code: 4408, reason: "stale" });
});

it("[A2.4] every session within its bounds fits, with all else that a socket carries", () => {
  const largest = (session: object) => ({
    id: crypto.randomUUID(),
    view: "snapshot" as const,
    origin: `https://${"h".repeat(262)}`,
    renews: true,
    state: { is: "member" as const, session, noticed: false },
    heardAt: Date.now(),
    probedAt: Date.now(),
    owed: { n: 2 ** 32, askedAt: Date.now(), length: 2 ** 32 },
    offences: { bad: Array(10).fill(Date.now()), flooded: Array(5).fill(Date.now()) },
  });
  const bare = { user: { id: "a" }, expiresAt: Date.now(), issuedAt: Date.now(), undated: true };
  for (const character of ["x", "é", "語", "😀", "\ud800"]) {
    const size = new TextEncoder().encode(JSON.stringify(character)).byteLength - 2;
    const roles = [character.repeat(Math.floor((12 * 1024 - 200) / size))];
    const encoded = encodeAttachment(largest({ ...bare, roles }) as Attachment)!;
    const bytes = typeof encoded === "string" ? encoded.length * 2 : encoded.byteLength;
    expect(bytes).toBeLessThanOrEqual(16_000);
    expect(JSON.stringify(decodeAttachment(encoded))).toContain(JSON.stringify(roles));
  }
});

it("[A2.4] only what the room reads later is attached", async () => {
  const room = newRoom();
  const claims = { name: "Ada", picture: "https://example.com/a.png", rooms: ["*"], roles: ["r"] };
  await join(room, "ada", { token: await signIn("ada", { ...claims, sid: "s-1" }) });
  const { state } = JSON.parse((await attached(room)) as string) as Attachment;
  expect(state).toEqual({
    is: "member",
    session: {
      user: { id: "ada" },
      roles: ["r"],
      id: "s-1",
      issuedAt: expect.any(Number),
      expiresAt: expect.any(Number),
    },
    noticed: false,
  });
});

it("[L2.1, W11.2] what 0.1.0 attached is read: its session, probes and offences", async () => {
  const room = newRoom();
  const ada = await join(room, "ada");
  await attach(room, (legacy) => ({
    ...legacy,
    offences: { bad: Array(9).fill(Date.now()), flooded: [] },
  }));
  await hibernate(room);
  await ada.ask({ type: "update", status: "busy" });
  expect((await readRoom(room)).members).toMatchObject([{ id: "ada", status: "busy" }]);
  ada.send("garbage");
  expect(await ada.closed).toEqual({ code: 4400, reason: "bad_message" });
});

it("[L2.2, L7.4] no attachment that 0.1.0 left stops the alarm, however large", async () => {
  const room = newRoom();
  const ada = await join(room, "ada");
  await attach(room, (legacy) => {
    const { state } = legacy as { state: { session: object } };
    // 16 KB as a clone of Latin-1, twice that in UTF-8.
    Object.assign(state.session, { rooms: Array(70).fill("é".repeat(200)), roles: ["r"] });
    return legacy;
  });
  await hibernate(room);
  await passTimeWithAlarms(room, 39);
  await ada.untilType("probe");
  const { state, probedAt } = JSON.parse((await attached(room)) as string) as Attachment;
  expect(probedAt).not.toBeNull();
  expect(state).toMatchObject({ session: { user: { id: "ada" }, roles: [], rooms: [] } });
  await passTimeWithAlarms(room, 6);
  expect(await ada.closed).toEqual({ code: 4408, reason: "stale" });
});

it("[A2.4] one that cannot fit at all leaves what was attached before", () => {
  const session = { user: { id: "ada" }, id: "é".repeat(9_000) };
  const state = { is: "member", session, noticed: false };
  expect(encodeAttachment({ state } as unknown as Attachment)).toBeNull();
});

it("[A2.10, A3.1] tokens over a socket that 0.1.0 opened are judged as ones that came to its host by https", async () => {
  const room = newRoom();
  const ada = await join(room, "ada");
  await attach(room, (legacy) => legacy);
  await hibernate(room);
  await ada.ask({ type: "auth", token: await signIn("ada", { azp: HOST }) });
  ada.send({ type: "auth", token: await signIn("ada", { azp: HOST.replace("https", "http") }) });
  expect(await ada.untilType("error")).toMatchObject({ code: "session_invalid" });
});
