import fc from "fast-check";
import { expect, it } from "vitest";
import { readBrief } from "../../../src/server/room/connections/brief.ts";
import { Connection } from "../../../src/server/room/connections/connection.ts";

/** A socket that keeps what is attached to it. */
function socketWith(attached: unknown): WebSocket {
  let kept = attached;
  return {
    send() {},
    serializeAttachment: (value: unknown) => void (kept = value),
    deserializeAttachment: () => kept,
  } as unknown as WebSocket;
}

/** All that a connection tells of itself. */
function shown(connection: Connection) {
  const { id, view, limit, isWatcher, isIdle, lossAt, isAdmitted, origin } = connection;
  const { address, session, user, ref, probedAt, dueAt, offences, backlog } = connection;
  return [
    { id, view, limit, isWatcher, isIdle, lossAt, isAdmitted, user, ref, probedAt, dueAt },
    { origin, address, session, offences, owed: backlog.owed, heardAt: connection.heardAt(null) },
  ];
}

const steps: Record<string, (connection: Connection) => unknown> = {
  nothing: () => {},
  idle: (connection) => connection.setIdle(true),
  active: (connection) => connection.setIdle(false),
  loss: (connection) => connection.noteLoss(5),
  probe: (connection) => connection.probe(6),
  heard: (connection) => connection.heard(7),
  notice: (connection) => connection.giveNotice(),
  again: (connection) => connection.noticeAgain(),
  out: (connection) => connection.signOut(8),
  in: (connection) =>
    connection.signIn({ user: { id: "eve" }, roles: [], issuedAt: 1, expiresAt: 9e9 }, "c-2"),
  much: (connection) => connection.send("x".repeat(300_000)),
};

const session = fc.record({
  user: fc.record({
    id: fc.oneof(fc.constantFrom("ada", "auth0|7", "a b", '"', "é"), fc.string()),
  }),
  roles: fc.constantFrom([], ["r"], ['"brief":"x']),
  issuedAt: fc.nat(),
  expiresAt: fc.nat(),
});

it("[L6] what a start reads of a socket is what all of its attachment says, after any changes", () => {
  const opened = fc.record({
    id: fc.uuid(),
    view: fc.constantFrom("delta" as const, "snapshot" as const, "window" as const),
    origin: fc.constant("https://example.com"),
    renews: fc.boolean(),
    heardAt: fc.nat(),
    session: fc.oneof({ weight: 5, arbitrary: session }, fc.constant(null)),
    watches: fc.constantFrom(undefined, true as const),
    idle: fc.constantFrom(undefined, true, false),
  });
  const taken = fc.array(fc.constantFrom(...Object.keys(steps)), { maxLength: 4 });
  fc.assert(
    fc.property(opened, taken, (init, names) => {
      const { watches, idle, ...rest } = init;
      const ws = socketWith(null);
      Connection.open(ws, { ...rest, ...(watches && { watches }), ...(idle && { idle }) });
      for (const name of names) {
        const { id, user } = Connection.wake(ws)!;
        const woken = Connection.wake(ws)!;
        // Of one that has been parsed, and of one that has not.
        expect([woken.id, woken.user]).toEqual([id, user]);
        steps[name]!(woken);
        woken.save();
        const text = ws.deserializeAttachment() as string;
        const { brief: _, ...whole } = JSON.parse(text);
        const parsed = Connection.wake(socketWith(JSON.stringify(whole)))!;
        expect(shown(Connection.wake(ws)!)).toEqual(shown(parsed));
        const alone = Connection.wake(ws)!;
        alone.release();
        expect([alone.id, alone.user, alone.session]).toEqual([
          parsed.id,
          parsed.user,
          parsed.session,
        ]);
        ws.serializeAttachment(text);
      }
    }),
  );
});

it("[L6] an ordinary member's socket has a brief, and any other none", () => {
  const ada = { user: { id: "ada" }, roles: [], issuedAt: 1, expiresAt: 90_000 };
  const init = { id: "c-1", view: "delta", origin: "", renews: false, heardAt: 2 } as const;
  const ws = socketWith(null);
  const connection = Connection.open(ws, { ...init, session: ada });
  const brief = { id: "c-1", user: "ada", heardAt: 2, expiresAt: 90_000 };
  expect(readBrief(ws.deserializeAttachment())).toEqual(brief);
  connection.probe(3);
  expect(readBrief(ws.deserializeAttachment())).toBeNull();
  connection.heard(4);
  expect(readBrief(ws.deserializeAttachment())).toEqual({ ...brief, heardAt: 4 });
  expect(readBrief(null)).toBeNull();
});
