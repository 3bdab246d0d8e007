import {
  RoomProvider,
  useConnection,
  useError,
  useOnlineCount,
  useWatching,
} from "../../src/react/index.ts";
import { windowOf } from "../../src/window/index.ts";
import { Reading } from "./about.tsx";
import { Card } from "./card.tsx";
import { ConnectionNotice } from "./connection-notice.tsx";
import { useTitle } from "./use-title.ts";

const NUMBER = new Intl.NumberFormat("en");

/** How many people look at a page: for everybody, without a sign-in and without being on the list. */
export function LivePage() {
  return (
    <RoomProvider url="/rooms/live" present={false} window={windowOf({ limit: 0 })}>
      <Counts />
    </RoomProvider>
  );
}

function Counts() {
  const watching = useWatching();
  const online = useOnlineCount();
  const connection = useConnection();
  const error = useError();
  const title = watching === null ? "…" : `${NUMBER.format(watching)} watching`;
  useTitle(`${title} · Rollcall`);
  return (
    <Card title={<span className="count">{title}</span>} here="Live">
      <p className="lead">
        You need not sign in to see this, and nobody sees you. In the room: {NUMBER.format(online)}.
      </p>
      <p>
        This page is told two numbers, and no names. Open it in more tabs, on any device, and watch
        it count.
      </p>
      <a className="button primary" href="/in/live">
        Join the room
      </a>
      <Reading />
      <ConnectionNotice connection={connection} error={error} />
    </Card>
  );
}
