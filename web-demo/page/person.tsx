import { memo } from "react";
import type { Member } from "../../src/protocol/messages.ts";
import { Avatar } from "./avatar.tsx";
import { LastOnline } from "./last-online.tsx";
import { STATUS_WORDS } from "./status-mark.tsx";

interface Props {
  member: Member;
  you: boolean;
  isTyping: boolean;
}

/** One row of the list. */
export const Person = memo(function Person({ member, you, isTyping }: Props) {
  const { id, name, status, connections, lastOnline } = member;
  return (
    <li className="person" data-member={id} data-status={status}>
      <Avatar member={member} />
      <div className="who">
        <p className="name">
          <bdi>{name}</bdi>
          {you && <span className="you">you</span>}
        </p>
        <p className="status">
          {lastOnline === null ? (
            STATUS_WORDS[status]
          ) : (
            <>
              <span className="for-readers">Offline, </span>
              <LastOnline at={lastOnline} />
            </>
          )}
        </p>
      </div>
      {isTyping && <p className="typing">typing…</p>}
      {connections > 1 && <p className="tabs">{connections} tabs</p>}
    </li>
  );
});
