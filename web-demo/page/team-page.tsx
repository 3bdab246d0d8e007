import { type ReactNode, useState } from "react";
import { RoomProvider, useMember } from "../../src/react/index.ts";
import { windowOf } from "../../src/window/index.ts";
import { TEAM, type Teammate } from "../team.ts";
import { type Account, signIn } from "./account-store.ts";
import { Avatar } from "./avatar.tsx";
import { OwnStatus } from "./own-status.tsx";
import { Self } from "./self.tsx";
import { STATUS_WORDS } from "./status-mark.tsx";
import { TopNav } from "./top-nav.tsx";
import { useTitle } from "./use-title.ts";

/** A company's list of names, each with a dot: the page receives only the people it shows. */
export function TeamPage({ account }: { account: Account }) {
  if (account.is !== "signed-in") {
    return (
      <Page
        about={
          <p className="lead">
            Choose who you are. Open this page again in another browser to be somebody else.
          </p>
        }
      >
        {(mate) => (
          <button
            type="button"
            className="mate"
            onClick={() => void signIn({ name: mate.name, teammate: mate.id })}
          >
            <Avatar member={mate} />
            <bdi>{mate.name}</bdi>
          </button>
        )}
      </Page>
    );
  }
  const { user } = account;
  return (
    <RoomProvider url="/rooms/team" user={user.id} window={windowOf({ limit: 0 })}>
      <Page self={user} about={<OwnStatus />} action={<Self name={user.name} />}>
        {(mate) => <Row mate={mate} you={mate.id === user.id} />}
      </Page>
    </RoomProvider>
  );
}

interface PageProps {
  /** Shown first, whether they are of the team or visit it. */
  self?: Teammate;
  about: ReactNode;
  action?: ReactNode;
  children(mate: Teammate): ReactNode;
}

function Page({ self, about, action, children }: PageProps) {
  const [query, setQuery] = useState("");
  const people = self ? [self, ...TEAM.filter(({ id }) => id !== self.id)] : TEAM;
  const found = people.filter(({ name }) =>
    name.toLowerCase().includes(query.trim().toLowerCase()),
  );
  useTitle("Team · Rollcall");
  return (
    <div className="team">
      <TopNav here="Team">{action}</TopNav>
      <main>
        <header className="room-header">
          <h1 className="room-name">Team</h1>
          {about}
        </header>
        <input
          type="search"
          className="search"
          aria-label="Search"
          placeholder={`Search ${people.length} names`}
          value={query}
          onChange={(event) => setQuery(event.target.value)}
        />
        {found.length === 0 ? (
          <p className="lead">Nobody here has this name.</p>
        ) : (
          // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- to be scrolled by keyboard
          <ul className="mates" tabIndex={0} aria-label="Names">
            {found.map((mate) => (
              <li key={mate.id}>{children(mate)}</li>
            ))}
          </ul>
        )}
      </main>
    </div>
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
