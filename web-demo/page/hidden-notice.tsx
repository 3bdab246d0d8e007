import { StatusMark } from "./status-mark.tsx";

/** Says that nobody sees you; the element stays, for screen readers to hear what it says. */
export function HiddenNotice({ hidden }: { hidden: boolean }) {
  return (
    <output>
      {hidden && (
        <span className="hidden-notice">
          <StatusMark status="offline" />
          <span>
            <strong>You appear offline.</strong> Others see you as gone, and this list shows what
            they see.
          </span>
        </span>
      )}
    </output>
  );
}
