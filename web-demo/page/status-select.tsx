import { useId } from "react";
import type { Status } from "../../src/protocol/messages.ts";
import { useSelf, useStatus } from "../../src/react/index.ts";
import { STATUS_OPTIONS } from "./status-options.ts";

/** Your own status, for small spaces. */
export function StatusSelect() {
  const [chosen, setStatus] = useStatus();
  const isKnown = useSelf() !== null;
  const id = useId();
  return (
    <div className="status-select">
      <label htmlFor={id}>Your status here</label>
      <select
        id={id}
        value={chosen ?? ""}
        disabled={!isKnown}
        onChange={({ target }) => setStatus((target.value || null) as Status | null)}
      >
        {STATUS_OPTIONS.map(({ status, label }) => (
          <option key={label} value={status ?? ""}>
            {label}
          </option>
        ))}
      </select>
    </div>
  );
}
