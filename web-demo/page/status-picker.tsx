import { useId } from "react";
import { useConnection, useMember, useSelf, useStatus } from "../../src/react/index.ts";
import { Avatar } from "./avatar.tsx";
import { STATUS_WORDS, StatusMark } from "./status-mark.tsx";
import { STATUS_OPTIONS } from "./status-options.ts";
import { useChoice } from "./use-choice.ts";

/** Your own status: a radio group, which works with arrow keys and screen readers. */
export function StatusPicker() {
  const self = useSelf();
  const member = useMember(self?.id);
  const [chosen, setStatus] = useStatus();
  const connection = useConnection();
  const isConnected = connection === "online" || connection === "polling";
  const { shown, onKeyDown, onChange } = useChoice(chosen, setStatus);
  const id = useId();

  return (
    <aside className="yourself" aria-label="You">
      {member ? (
        <div className="mirror">
          <Avatar member={member} />
          <p>
            <strong>
              <bdi>{member.name}</bdi>
            </strong>
            <span>
              {isConnected ? "Others see you as" : "Others last saw you as"}{" "}
              <b data-status={member.status}>{STATUS_WORDS[member.status].toLowerCase()}</b>
            </span>
          </p>
        </div>
      ) : (
        <div className="mirror" aria-hidden="true">
          <span className="avatar" />
          <p className="bar" />
        </div>
      )}
      <fieldset className="picker" disabled={self === null}>
        <legend>Your status</legend>
        {STATUS_OPTIONS.map(({ status, label, hint }) => (
          <label key={label} className="option">
            <input
              type="radio"
              name="status"
              aria-label={label}
              aria-describedby={`${id}${status}`}
              checked={self !== null && shown === status}
              onKeyDown={onKeyDown}
              onChange={() => onChange(status)}
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
