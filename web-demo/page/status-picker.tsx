import { useId, useState } from "react";
import type { RoomError } from "../../src/client/types.ts";
import type { Member, Self, Status } from "../../src/protocol/messages.ts";
import { Avatar } from "./avatar.tsx";
import { STATUS_WORDS, StatusMark } from "./status-mark.tsx";

const OPTIONS: readonly { status: Status | null; label: string; hint: string }[] = [
  { status: null, label: "Automatic", hint: "Online while you are here" },
  { status: "online", label: "Online", hint: "Even while you look elsewhere" },
  { status: "away", label: "Away", hint: "Back in a while" },
  { status: "busy", label: "Busy", hint: "Here, but please not now" },
  { status: "offline", label: "Appear offline", hint: "Others see you as gone" },
];

interface Props {
  self: Self | null;
  /** Yourself, as everybody sees you. */
  member: Member | undefined;
  /** Changes where the room refuses what was picked. */
  error: RoomError | null;
  setStatus(status: Status | null): void;
}

/** Your own status: a radio group, so that arrow keys and screen readers know it. */
export function StatusPicker({ self, member, error, setStatus }: Props) {
  // What was picked shows at once, until the room has taken or refused it.
  const [picked, setPicked] = useState<{ status: Status | null; error: RoomError | null }>();
  if (picked && (picked.status === self?.chosen || picked.error !== error)) setPicked(undefined);
  const id = useId();
  const chosen = picked ? picked.status : self?.chosen;

  return (
    <aside className="yourself" aria-label="You">
      {member && (
        <div className="mirror">
          <Avatar member={member} />
          <p>
            <strong>
              <bdi>{member.name}</bdi>
            </strong>
            <span>
              Others see you as{" "}
              <b data-status={member.status}>{STATUS_WORDS[member.status].toLowerCase()}</b>
            </span>
          </p>
        </div>
      )}
      <fieldset className="picker" disabled={self === null}>
        <legend>Your status</legend>
        {OPTIONS.map(({ status, label, hint }) => (
          <label key={label} className="option">
            <input
              type="radio"
              name="status"
              aria-label={label}
              aria-describedby={`${id}${status}`}
              checked={chosen === status}
              onChange={() => {
                setPicked({ status, error });
                setStatus(status);
              }}
            />
            <StatusMark status={status ?? "automatic"} />
            <span className="label">{label}</span>
            <span className="hint" id={`${id}${status}`}>
              {hint}
            </span>
          </label>
        ))}
      </fieldset>
    </aside>
  );
}
