import { memo, StrictMode, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import "rollcall/dot";
import { RoomProvider, useMember, useWatching } from "rollcall/react";
import { windowOf } from "rollcall/window";
import { App as Live } from "../../examples/react/live.tsx";
import { Team } from "../../examples/react/team.tsx";

/** What a test can change in the page. */
export interface Watch {
  part: "none" | "list" | "team" | "live" | "dots";
  room: string;
  /** The first of the rows that are seen. */
  from: number;
  present: boolean;
}

export interface WatchApp {
  set(change: Partial<Watch>): void;
  /** How often rows were rendered. */
  renders: number;
}

const ROWS = 10_000;
const SEEN = 40;
const app: WatchApp = { set: () => {}, renders: 0 };
const idOf = (row: number) => `user-${String(row).padStart(5, "0")}`;

const Row = memo(({ id }: { id: string }) => {
  const member = useMember(id);
  useEffect(() => {
    app.renders++;
  });
  return <li data-user={id}>{member?.status ?? "…"}</li>;
});

function Watching() {
  return <p>Watching: {useWatching() ?? "?"}</p>;
}

// @ts-expect-error -- a dot is of one user
const misspelt = <rollcall-dot room="/rooms/lobby" users="ada" />;
if (!misspelt.props) throw new Error("Never.");

function Page({ part, room, from, present }: Watch) {
  const first = Math.min(from, ROWS - SEEN);
  switch (part) {
    case "list":
      return (
        <RoomProvider url={room} present={present} window={windowOf({ limit: 0 })}>
          <ul>
            {Array.from({ length: SEEN }, (_, row) => (
              <Row key={first + row} id={idOf(first + row)} />
            ))}
          </ul>
          <Watching />
        </RoomProvider>
      );
    case "team":
      return <Team people={["ada", "bob"].map((id) => ({ id, name: id }))} />;
    case "live":
      return <Live />;
    case "dots":
      return <rollcall-dot room={room} user="bob" name="Bob" class="mark" options={{}} />;
    default:
      return <p>Nothing</p>;
  }
}

function Root({ first }: { first: Watch }) {
  const [shown, setShown] = useState(first);
  useEffect(() => {
    app.set = (change) => setShown((before) => ({ ...before, ...change }));
  }, []);
  return <Page {...shown} />;
}

export function start(root: Element, shown: Watch): WatchApp {
  createRoot(root).render(
    <StrictMode>
      <Root first={shown} />
    </StrictMode>,
  );
  return app;
}
