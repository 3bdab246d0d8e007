import { StrictMode, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { joinRoom } from "rollcall";
import "rollcall/element";
import {
  createRoomContext,
  RoomProvider,
  useMembers,
  useRoom,
  useRoomEvent,
  useSignals,
} from "rollcall/react";

/** What a test can change in the page. */
export interface Rooms {
  /** Which of the parts below is shown. */
  part: "none" | "doc" | "two" | "twins" | "element";
  doc: string;
  team: string;
  /** Another makes another of the same provider. */
  mount: number;
  user?: string;
  autoJoin?: boolean;
  /** Which events are listened to. */
  event: string;
  ticket?: string;
}

export interface RoomsApp {
  set(change: Partial<Rooms>): void;
  /** How many were shown at each render of the list. */
  counts: number[];
  /** The events that came, as the component had them at the time. */
  events: string[];
}

const app: RoomsApp = { set: () => {}, counts: [], events: [] };

const Doc = createRoomContext<{ typing: boolean }>();
const Team = createRoomContext();

function Names() {
  const members = useMembers();
  app.counts.push(members.length);
  return <p>Here: {members.map(({ id, status }) => `${id} ${status}`).join(", ")}</p>;
}

function Events({ name, mount }: { name: string; mount: number }) {
  useRoomEvent(name, ({ data }) => app.events.push(`${mount} ${name} ${JSON.stringify(data)}`));
  useSignals(name, ({ from, data }) => app.events.push(`${mount} ${name} by ${from}: ${data}`));
  return null;
}

function Leave() {
  const { leave } = useRoom();
  return <button onClick={leave}>Leave</button>;
}

function Both() {
  const typing = Doc.useMembers().filter(({ data }) => data?.typing);
  const doc = Doc.useRoom();
  const team = Team.useOnlineCount();
  return (
    <>
      <p>
        Typing: {typing.map(({ id }) => id).join()}; in the team: {team}; in the doc:{" "}
        {Doc.useOnlineCount()}
      </p>
      <button onClick={() => doc.setData({ typing: true })}>Type</button>
    </>
  );
}

let ticket = "";
/** As an app has it that fetches one: the same function at each render. */
const getTicket = () => ticket;

const SIGN_IN = { getTicket };

// @ts-expect-error -- there is no such place
const misspelt = <rollcall-people room="/rooms/lobby" self="last" />;
app.events.push(...(misspelt.props ? [] : ["never"]));

function Page({ part, doc, team, mount, event, user, autoJoin = true }: Rooms) {
  useEffect(() => {
    if (part !== "twins") return undefined;
    const handle = joinRoom(doc, { getTicket });
    return () => handle.leave();
  }, [part, doc]);
  switch (part) {
    case "doc":
      return (
        <RoomProvider url={doc} key={mount} autoJoin={autoJoin} {...(user && { user })}>
          <Names />
          <Events name={event} mount={mount} />
          <Leave />
        </RoomProvider>
      );
    case "two":
      return (
        <Doc.RoomProvider url={doc}>
          <Team.RoomProvider url={team}>
            <Both />
          </Team.RoomProvider>
        </Doc.RoomProvider>
      );
    case "twins":
      return [1, 2].map((twin) => (
        <RoomProvider key={twin} url={doc} getTicket={getTicket}>
          <Names />
        </RoomProvider>
      ));
    case "element":
      return <rollcall-people room={doc} max={1} self="first" class="row" options={SIGN_IN} />;
    default:
      return <p>Nothing</p>;
  }
}

function Root({ first }: { first: Rooms }) {
  const [shown, setShown] = useState(first);
  useEffect(() => {
    app.set = (change) => setShown((before) => ({ ...before, ...change }));
  }, []);
  return <Page {...shown} />;
}

export function start(root: Element, shown: Rooms): RoomsApp {
  ticket = shown.ticket ?? "";
  createRoot(root).render(
    <StrictMode>
      <Root first={shown} />
    </StrictMode>,
  );
  return app;
}
