import { isRoomName } from "../../src/protocol/room-name.ts";
import { Card } from "./card.tsx";
import { RoomPage } from "./room-page.tsx";
import { SignIn } from "./sign-in.tsx";
import { useAccount } from "./use-account.ts";
import { useRoomName } from "./use-room-name.ts";

export function App() {
  const room = useRoomName();
  const { account, signIn, signOut, retry } = useAccount();

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
          <button type="button" className="button primary" onClick={retry}>
            Try again
          </button>
        </Card>
      );
    case "signed-out":
      return <SignIn room={room} signIn={signIn} />;
    case "signed-in":
      return <RoomPage key={`${account.user.id} ${room}`} room={room} signOut={signOut} />;
    default:
      return account satisfies never;
  }
}
