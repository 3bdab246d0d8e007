import {
  RoomProvider,
  useConnection,
  useError,
  useOnlineCount,
  useRoom,
} from "../../src/react/index.ts";
import { windowOf } from "../../src/window/index.ts";
import { LARGE_ROOM } from "../large.ts";
import type { User } from "./account.ts";
import { Closed } from "./closed.tsx";
import { ConnectionNotice } from "./connection-notice.tsx";
import { LargeMap } from "./large-map.tsx";
import { OwnStatus } from "./own-status.tsx";
import { Self } from "./self.tsx";
import { TopNav } from "./top-nav.tsx";
import { useFigures } from "./use-figures.ts";
import { GUESTS, useGuests } from "./use-guests.ts";
import { useTitle } from "./use-title.ts";

/** As many people as are shown within the shards that keep them. */
const SHOWN = 60;

/** How a large room is laid out, and what each part of it knows at this moment. */
export function LargePage({ user }: { user: User }) {
  return (
    <RoomProvider url={`/rooms/${LARGE_ROOM}`} user={user.id} window={windowOf({ limit: SHOWN })}>
      <Page user={user} />
    </RoomProvider>
  );
}

function Page({ user }: { user: User }) {
  const connection = useConnection();
  const error = useError();
  const online = useOnlineCount();
  const { join } = useRoom();
  useTitle(online > 0 ? `(${online}) Large room · Rollcall` : "Large room · Rollcall");
  return (
    <div className="large" data-connection={connection}>
      <TopNav here="Large">
        <Self name={user.name} />
      </TopNav>
      <main>
        <header className="room-header">
          <h1 className="room-name">{LARGE_ROOM}</h1>
          {connection !== "closed" && <OwnStatus />}
        </header>
        <p className="lead">
          One room, kept by several objects: each shard has the connections of its own people, and a
          hub merges what they report. To your app it is one URL, one list and one count.
        </p>
        {connection === "closed" ? (
          <Closed error={error} joinAgain={join} />
        ) : (
          <>
            <Guests />
            <Figures selfId={user.id} />
            <Travel />
          </>
        )}
      </main>
      <ConnectionNotice connection={connection} error={error} />
    </div>
  );
}

function Guests() {
  const { guests, come, go } = useGuests();
  return (
    <section className="guests" aria-label="Company">
      <p>
        {guests === 0
          ? `Want company? Let ${GUESTS} people in: each signs in by a token, on a socket of their own.`
          : `${guests} people came from this page. One of them changes status about every second.`}
      </p>
      {guests === 0 ? (
        <button type="button" className="button primary" onClick={come}>
          Let {GUESTS} people in
        </button>
      ) : (
        <button type="button" className="button" onClick={go}>
          Let them leave
        </button>
      )}
    </section>
  );
}

function Figures({ selfId }: { selfId: string }) {
  const { figures, failure } = useFigures();
  return (
    <>
      {failure && (
        <p className="failure" role="alert">
          {failure}
        </p>
      )}
      {figures ? (
        <LargeMap figures={figures} selfId={selfId} isOld={failure !== null} />
      ) : (
        !failure && <output className="asking">Asking the hub…</output>
      )}
    </>
  );
}

const STEPS = [
  ["Report", "A shard stores a change like any room, and reports to the hub who changed."],
  ["Merge", "The hub puts it into the one list. Each visible change is a version."],
  ["Tell", "The hub tells every shard that has sockets, at most four times a second."],
  ["Show", "Each shard shows its own people what changed in the part that they see."],
] as const;

function Travel() {
  return (
    <section className="travel" aria-labelledby="travel">
      <h2 id="travel">How a change travels</h2>
      <ol>
        {STEPS.map(([name, words]) => (
          <li key={name}>
            <h3>{name}</h3>
            <p>{words}</p>
          </li>
        ))}
      </ol>
      <p className="source">
        The figures are what <code>GET /rooms/{LARGE_ROOM}/stats</code> answers, once a second. This
        page’s own backend asks, with its server key: no page can.{" "}
        <a href="/LARGE.txt">More about large rooms</a>
      </p>
    </section>
  );
}
