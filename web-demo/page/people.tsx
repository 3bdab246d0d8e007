import { useId, useMemo, useRef, useState } from "react";
import type { Member } from "../../src/protocol/messages.ts";
import { orderMembers } from "./order-members.ts";
import { Person } from "./person.tsx";
import { useGlide } from "./use-glide.ts";
import { useTyping } from "./use-typing.ts";

/** With more people than this, the list is narrower, scrolls, and has a filter. */
const CROWD = 12;
/** As many as are shown at once of those who were here earlier. */
const MOST_GONE = 200;

const NOBODY: ReadonlySet<string> = new Set();

interface Props {
  members: readonly Member[];
  selfId: string | undefined;
  /** Said if nobody else is here. */
  alone: string;
  /** That of the headings. */
  level: 2 | 3;
}

/** Everybody in the room: the people who are here, then those who were. */
export function People({ members, selfId, alone, level }: Props) {
  const Heading = `h${level}` as const;
  const { here, gone } = useMemo(() => orderMembers(members, selfId), [members, selfId]);
  const [query, setQuery] = useState("");
  const typing = useTyping();
  const list = useRef<HTMLDivElement>(null);
  const isCrowd = here.length + gone.length > CROWD;
  const wanted = query.trim().toLowerCase();
  const find = (some: Member[]) =>
    wanted === "" ? some : some.filter(({ name }) => name.toLowerCase().includes(wanted));
  const found = find(here);
  const foundGone = find(gone);
  const isAlone = here.length === 0 || (here.length === 1 && here[0]?.id === selfId);
  useGlide(list);

  return (
    <div className="people" ref={list} data-crowd={isCrowd}>
      {(isCrowd || query !== "") && (
        <Filter
          query={query}
          setQuery={setQuery}
          told={wanted === "" ? "" : `${found.length + foundGone.length} of ${members.length}`}
        />
      )}
      {found.length > 0 && (
        <section>
          <Heading>Here now</Heading>
          <Rows members={found} selfId={selfId} typing={typing} isCrowd={isCrowd} />
        </section>
      )}
      {wanted !== "" && found.length + foundGone.length === 0 && (
        <p className="invitation">Nobody here has this name.</p>
      )}
      {isAlone && <p className="invitation">{alone}</p>}
      {foundGone.length > 0 && (
        <Earlier
          members={foundGone}
          selfId={selfId}
          isCrowd={isCrowd}
          isFound={wanted !== ""}
          level={level}
        />
      )}
    </div>
  );
}

interface FilterProps {
  query: string;
  setQuery(query: string): void;
  told: string;
}

function Filter({ query, setQuery, told }: FilterProps) {
  const id = useId();
  return (
    <p className="filter">
      <label className="for-readers" htmlFor={id}>
        Find a person
      </label>
      <input
        id={id}
        type="search"
        placeholder="Find a person"
        autoComplete="off"
        value={query}
        onChange={(event) => setQuery(event.target.value)}
      />
      <output htmlFor={id}>{told}</output>
    </p>
  );
}

interface RowsProps {
  members: readonly Member[];
  selfId: string | undefined;
  typing: ReadonlySet<string>;
  isCrowd: boolean;
}

function Rows({ members, selfId, typing, isCrowd }: RowsProps) {
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- to be scrolled by keyboard
    <ul tabIndex={isCrowd ? 0 : undefined}>
      {members.map((member) => (
        <Person
          key={member.id}
          member={member}
          you={member.id === selfId}
          isTyping={typing.has(member.id)}
        />
      ))}
    </ul>
  );
}

interface EarlierProps extends Omit<RowsProps, "typing"> {
  /** Whether it was searched for. */
  isFound: boolean;
  level: 2 | 3;
}

/** Those who were here: in a crowd they are shown on demand. */
function Earlier({ members, selfId, isCrowd, isFound, level }: EarlierProps) {
  const Heading = `h${level}` as const;
  const [chosen, setChosen] = useState<boolean>();
  const isOpen = isFound || (chosen ?? !isCrowd);
  return (
    <section>
      <Heading>
        <button
          type="button"
          className="unfold"
          aria-expanded={isOpen}
          onClick={() => setChosen(!isOpen)}
        >
          Earlier <span className="amount">{members.length}</span>
        </button>
      </Heading>
      {isOpen && (
        <Rows
          members={members.slice(0, MOST_GONE)}
          selfId={selfId}
          typing={NOBODY}
          isCrowd={isCrowd}
        />
      )}
    </section>
  );
}
