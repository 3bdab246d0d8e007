import { isRoomName } from "../../src/protocol/room-name.ts";
import { LARGE_ROOM } from "../large.ts";
import { type Account, useAccount } from "./account-store.ts";
import { Card } from "./card.tsx";
import { ForAccount } from "./for-account.tsx";
import { GuestPage } from "./guest-page.tsx";
import { LargePage } from "./large-page.tsx";
import { LivePage } from "./live-page.tsx";
import { RoomPage } from "./room-page.tsx";
import { SignIn } from "./sign-in.tsx";
import { TeamPage } from "./team-page.tsx";
import { useRoomName } from "./use-room-name.ts";

/** Pages that do not show a room of the visitor's choice; a room's name has no slash. */
const LIVE = "/see/live";
const TEAM = "/see/team";
const LARGE = "/see/large";
const GUEST = "/guest/";

export function App() {
  const account = useAccount();
  const path = location.pathname;
  if (path === LIVE) return <LivePage />;
  if (path === TEAM) return <TeamPage account={account} />;
  if (path.startsWith(GUEST) && isRoomName(path.slice(GUEST.length))) {
    return <GuestPage room={path.slice(GUEST.length)} />;
  }
  if (path === LARGE) {
    return (
      <ForAccount account={account} signedOut={<SignIn room={LARGE_ROOM} here="Large" />}>
        {(user) => <LargePage user={user} />}
      </ForAccount>
    );
  }
  if (/^\/(?!in\/)[^/]+\/./.test(path)) return <Nowhere path={path} />;
  return <Room account={account} />;
}

function Nowhere({ path }: { path: string }) {
  return (
    <Card title="There is no page here">
      <p>
        <code>{path}</code> leads nowhere. A room is at <code>/in/</code> and its name.
      </p>
      <Lobby />
    </Card>
  );
}

function Lobby() {
  return (
    <a className="button primary" href="/in/lobby">
      Go to the lobby
    </a>
  );
}

function Room({ account }: { account: Account }) {
  const room = useRoomName();

  if (!isRoomName(room)) {
    return (
      <Card title="No room has this name">
        <p>
          A room’s name starts with a letter or a digit and has at most 128 letters, digits and{" "}
          <code className="marks">. _ : ~ -</code>
        </p>
        <Lobby />
      </Card>
    );
  }
  return (
    <ForAccount account={account} signedOut={<SignIn room={room} here="Room" />}>
      {(user) => <RoomPage key={`${user.id} ${room}`} room={room} user={user} />}
    </ForAccount>
  );
}
