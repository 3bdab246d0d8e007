import { type ReactNode, useState } from "react";
import type { ConnectionState } from "../../src/client/index.ts";
import {
  RoomProvider,
  useConnection,
  useError,
  useMember,
  useRoom,
} from "../../src/react/index.ts";
import { windowOf } from "../../src/window/index.ts";
import { TEAM, type Teammate } from "../team.ts";
import { type Account, signIn } from "./account-store.ts";
import { Avatar } from "./avatar.tsx";
import { Closed } from "./closed.tsx";
import { ConnectionNotice } from "./connection-notice.tsx";
import { ForAccount } from "./for-account.tsx";
import { OwnStatus } from "./own-status.tsx";
import { Self } from "./self.tsx";
import { STATUS_WORDS } from "./status-mark.tsx";
import { TopNav } from "./top-nav.tsx";
import { useTitle } from "./use-title.ts";

/** A company's list of names, each with a dot: the page receives only the people it shows. */
export function TeamPage({ account }: { account: Account }) {
  return (
    <ForAccount account={account} signedOut={<Choice />}>
      {(user) => (
        <RoomProvider url="/rooms/team" user={user.id} window={windowOf({ limit: 0 })}>
          <Team user={user} />
        </RoomProvider>
      )}
    </ForAccount>
  );
}

/** For a visitor who is nobody yet. */
function Choice() {
  const [failure, setFailure] = useState<string>();

  async function choose({ id, name }: Teammate) {
    setFailure(undefined);
    try {
      await signIn({ name, teammate: id });
    } catch (error) {
      setFailure((error as Error).message);
    }
  }

  const about = (
    <>
      <p className="choice">
        Choose who you are. Open this page again in another browser to be somebody else.
      </p>
      {failure && (
        <p className="failure" role="alert">
          {failure}
        </p>
      )}
    </>
  );
  return (
    <Page about={about}>
      <Mates people={TEAM}>
        {(mate) => (
          <button type="button" className="mate" onClick={() => void choose(mate)}>
            <Avatar member={mate} />
            <bdi>{mate.name}</bdi>
          </button>
        )}
      </Mates>
    </Page>
  );
}

/** The visitor is shown first, whether they are of the team or not. */
function Team({ user }: { user: Teammate }) {
  const connection = useConnection();
  const error = useError();
  const { join } = useRoom();
  const isClosed = connection === "closed";
  return (
    <Page
      about={!isClosed && <OwnStatus />}
      action={<Self name={user.name} />}
      connection={connection}
    >
      {isClosed ? (
        <Closed error={error} joinAgain={join} />
      ) : (
        <Mates people={[user, ...TEAM.filter(({ id }) => id !== user.id)]}>
          {(mate) => <Row mate={mate} you={mate.id === user.id} />}
        </Mates>
      )}
      <ConnectionNotice connection={connection} error={error} />
    </Page>
  );
}

interface PageProps {
  about: ReactNode;
  action?: ReactNode;
  connection?: ConnectionState;
  children: ReactNode;
}

function Page({ about, action, connection, children }: PageProps) {
  useTitle("Team · Rollcall");
  return (
    <div className="team" data-connection={connection}>
      <TopNav here="Team">{action}</TopNav>
      <main>
        <header className="room-header">
          <h1 className="room-name">Team</h1>
          {about}
        </header>
        <p className="lead">
          A company’s list, with a dot beside each of {TEAM.length} names. The page is sent the
          statuses of the people it shows, and nobody else’s.
        </p>
        {children}
      </main>
    </div>
  );
}

interface MatesProps {
  people: readonly Teammate[];
  children(mate: Teammate): ReactNode;
}

function Mates({ people, children }: MatesProps) {
  const [query, setQuery] = useState("");
  const wanted = query.trim().toLowerCase();
  const found = people.filter(({ name }) => name.toLowerCase().includes(wanted));
  return (
    <>
      <input
        type="search"
        className="search"
        aria-label="Search"
        placeholder={`Search ${people.length} names`}
        value={query}
        onChange={(event) => setQuery(event.target.value)}
      />
      {found.length === 0 ? (
        <p className="invitation">Nobody here has this name.</p>
      ) : (
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- to be scrolled by keyboard
        <ul className="mates" tabIndex={0} aria-label="Names">
          {found.map((mate) => (
            <li key={mate.id}>{children(mate)}</li>
          ))}
        </ul>
      )}
    </>
  );
}

function Row({ mate, you }: { mate: Teammate; you: boolean }) {
  const status = useMember(mate.id)?.status ?? "offline";
  return (
    <p className="mate" data-status={status}>
      <Avatar member={{ ...mate, status }} />
      <bdi>{mate.name}</bdi>
      {you && <span className="you">you</span>}
      <span className="for-readers">, {STATUS_WORDS[status]}</span>
    </p>
  );
}
