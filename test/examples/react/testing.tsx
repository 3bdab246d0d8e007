import { RoomProvider, type Snapshot } from "rollcall/react";
import { expect, it } from "vitest";
import { renderToStaticMarkup } from "react-dom/server";
import { People } from "./room.tsx";

const initial: Snapshot = {
  type: "snapshot",
  room: "lobby",
  epoch: "test",
  version: 1,
  online: 1,
  connections: 1,
  members: [{ id: "ada", name: "Ada", status: "busy", connections: 1, lastOnline: null }],
};

it("shows who is here", () => {
  const page = renderToStaticMarkup(
    <RoomProvider url="/rooms/lobby" initial={initial} autoJoin={false}>
      <People />
    </RoomProvider>,
  );
  expect(page).toContain("Ada: busy");
});
