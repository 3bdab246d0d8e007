import { expect, it } from "vitest";
import { Connection } from "../../../../src/server/room/connections/connection.ts";
import { Connections } from "../../../../src/server/room/connections/connections.ts";
import { timingFor } from "../../../../src/server/room/connections/liveness.ts";

const NOW = 1_000_000;
const session = (id: string) => ({
  user: { id },
  roles: [],
  issuedAt: NOW,
  expiresAt: NOW + 3_600_000,
});

function openWindow(limits: { limit: number; signedInLimit?: number }): Connection {
  return Connection.open(new WebSocketPair()[1], {
    ...limits,
    id: "c1",
    view: "window",
    watches: true,
    origin: "https://presence.example",
    renews: false,
    heardAt: NOW,
    session: null,
  });
}

it.each([
  ["that keeps its limit", { limit: 0 }, 1],
  ["that then shows others", { limit: 0, signedInLimit: 20 }, 0],
])(
  "[V2.1, S3.4, T3.4] a window %s counts once, however often it signs in",
  (_which, limits, count) => {
    const connections = new Connections(timingFor(45_000), () => null);
    const connection = openWindow(limits);
    connections.add(connection, NOW);
    expect([connections.watchOnly, connections.strangers]).toEqual([1, 1]);
    for (const user of ["ada", "bob"]) {
      connections.reassign(connection, () => connection.signIn(session(user), user));
      connections.add(connection, NOW);
      expect([connections.watchOnly, connections.strangers]).toEqual([count, 0]);
    }
    connections.delete(connection);
    expect([connections.watchOnly, connections.windows.size, connections.size]).toEqual([0, 0, 0]);
  },
);
