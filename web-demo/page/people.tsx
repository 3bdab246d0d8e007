import { useMemo, useRef } from "react";
import type { Member } from "../../src/protocol/messages.ts";
import { orderMembers } from "./order-members.ts";
import { Person } from "./person.tsx";
import { useGlide } from "./use-glide.ts";

interface Props {
  members: readonly Member[];
  selfId: string | undefined;
}

/** Everybody in the room: the people who are here, then those who were. */
export function People({ members, selfId }: Props) {
  const { here, gone } = useMemo(() => orderMembers(members), [members]);
  const list = useRef<HTMLDivElement>(null);
  useGlide(list);
  const alone = here.length === 0 || (here.length === 1 && here[0]?.id === selfId);

  return (
    <div className="people" ref={list}>
      <Section title="Here now" members={here} selfId={selfId} />
      {alone && (
        <p className="invitation">
          Nobody else is here yet. Send somebody the link, or open it in a private window and join
          under another name.
        </p>
      )}
      <Section title="Earlier" members={gone} selfId={selfId} />
    </div>
  );
}

function Section({ title, members, selfId }: Props & { title: string }) {
  if (members.length === 0) return null;
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      <ul>
        {members.map((member) => (
          <Person key={member.id} member={member} you={member.id === selfId} />
        ))}
      </ul>
    </section>
  );
}
