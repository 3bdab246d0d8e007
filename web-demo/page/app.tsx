import { isRoomName } from "../../src/protocol/room-name.ts";
import { type Account, loadAccount, useAccount } from "./account-store.ts";
import { Card } from "./card.tsx";
import { LivePage } from "./live-page.tsx";
import { RoomPage } from "./room-page.tsx";
import { SignIn } from "./sign-in.tsx";
import { TeamPage } from "./team-page.tsx";
import { useRoomName } from "./use-room-name.ts";

/** Pages that do not show a room of the visitor's choice; a room's name has no slash. */
const LIVE = "/see/live";
const TEAM = "/see/team";

export function App() {
  const account = useAccount();
  if (location.pathname === LIVE) return <LivePage />;
  if (location.pathname === TEAM) return <TeamPage account={account} />;
  return <Room account={account} />;
}

function Room({ account }: { account: Account }) {
  const room = useRoomName();

  if (!isRoomName(room)) {
    return (
      <Card title="No room has this name">
        <p>
          A room’s name starts with a letter or a digit and has at most 128 letters, digits and{" "}
          <code>. _ : ~ -</code>
        </p>
        <a className="button primary" href="/in/lobby">
          Go to the lobby
        </a>
      </Card>
    );
  }
  switch (account.is) {
    case "unknown":
      return null;
    case "unreachable":
      return (
        <Card title="Nobody answers">
          <p>The service could not be reached.</p>
          <button type="button" className="button primary" onClick={loadAccount}>
            Try again
          </button>
        </Card>
      );
    case "signed-out":
      return <SignIn room={room} />;
    case "signed-in":
      return <RoomPage key={`${account.user.id} ${room}`} room={room} user={account.user.id} />;
    default:
      return account satisfies never;
  }
}
