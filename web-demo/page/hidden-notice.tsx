import { StatusMark } from "./status-mark.tsx";

/** Says that nobody sees you; the element stays, so that screen readers announce changes. */
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
