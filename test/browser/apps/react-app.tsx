import { memo, StrictMode, Suspense, use, useEffect, useState } from "react";
import { createRoot, hydrateRoot } from "react-dom/client";
import {
  RoomProvider,
  type RoomProviderProps,
  useConnection,
  useMember,
  useMembers,
  useOnlineCount,
  useRoom,
  useSelf,
  useStatus,
} from "rollcall/react";

/** What a test can change and read in the page. */
export interface ReactApp {
  set(change: Partial<Shown>): void;
  /** How often each component has rendered. */
  renders: Record<string, number>;
  /** React's warnings. */
  faults: string[];
}

export interface Shown extends Pick<RoomProviderProps, "url" | "initial" | "autoJoin"> {
  /** Whether anybody is in the room: the provider is mounted. */
  inside: boolean;
  /** Whether the list is mounted, inside the provider. */
  list: boolean;
  /** Whether another provider of the same room is mounted beside it. */
  twice: boolean;
  /** How to sign in, instead of the cookie. */
  ticket?: string;
  /** Whether a part of the list waits for something; and the provider itself, with all inside. */
  waits: "nobody" | "list" | "provider";
}

const renders: ReactApp["renders"] = {};
const never = new Promise<never>(() => {});

function count(component: string): void {
  renders[component] = (renders[component] ?? 0) + 1;
}

function Wait({ waits }: { waits: boolean }) {
  return waits ? use(never) : null;
}

const Row = memo(function Row({ id }: { id: string }) {
  const member = useMember(id);
  count(id);
  return (
    <li>
      {member?.name}: {member?.status}
    </li>
  );
});

function List() {
  return (
    <ul>
      {useMembers().map(({ id }) => (
        <Row key={id} id={id} />
      ))}
    </ul>
  );
}

const Facts = memo(function Facts() {
  const [chosen] = useStatus();
  const facts = { online: useOnlineCount(), connection: useConnection(), self: useSelf(), chosen };
  count("facts");
  return <output>{JSON.stringify(facts)}</output>;
});

const Buttons = memo(function Buttons() {
  const { setStatus, leave, join } = useRoom();
  count("buttons");
  return (
    <>
      <button onClick={() => setStatus("busy")}>Busy</button>
      <button onClick={leave}>Leave</button>
      <button onClick={join}>Join</button>
    </>
  );
});

export function App({ inside, list, twice, ticket, waits, ...room }: Shown) {
  if (!inside) return <p>Outside</p>;
  return (
    <Suspense fallback="Waiting for the provider">
      {twice && (
        <RoomProvider {...room}>
          <List />
        </RoomProvider>
      )}
      <RoomProvider {...room} {...(ticket !== undefined && { getTicket: () => ticket })}>
        <Wait waits={waits === "provider"} />
        <Facts />
        <Buttons />
        <Suspense fallback="Waiting for the list">
          <Wait waits={waits === "list"} />
          {list && <List />}
        </Suspense>
      </RoomProvider>
    </Suspense>
  );
}

function Root({ first }: { first: Shown }) {
  const [shown, setShown] = useState(first);
  useEffect(
    () => listenForChanges((change) => setShown((before) => ({ ...before, ...change }))),
    [],
  );
  return <App {...shown} />;
}

function listenForChanges(set: ReactApp["set"]): void {
  app.set = set;
}

const app: ReactApp = { set: () => {}, renders, faults: [] };

/** Starts the page: over the server's rendering, if there is one. */
export function start(root: Element, shown: Shown): ReactApp {
  const page = (
    <StrictMode>
      <Root first={shown} />
    </StrictMode>
  );
  const onRecoverableError = (error: unknown) => app.faults.push(String(error));
  if (root.hasChildNodes()) hydrateRoot(root, page, { onRecoverableError });
  else createRoot(root).render(page);
  return app;
}
