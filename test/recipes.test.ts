import { expect, it } from "vitest";
import { joinFakeRoom } from "./examples/client/fake-socket-use.ts";
// An app's own test, run as one.
import "./examples/react/testing.tsx";

it("[K1.1] the documented fake socket plays a room", async () => {
  const room = await joinFakeRoom();
  expect(room.getSnapshot()).toMatchObject({
    connection: "online",
    online: 1,
    self: { id: "ada" },
    members: [{ name: "Ada", status: "online" }],
  });
  room.leave();
});
