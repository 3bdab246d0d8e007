import { StatusMark } from "./status-mark.tsx";

/** Says that nobody sees you; always there for screen readers to hear it come and go. */
export function HiddenNotice({ hidden }: { hidden: boolean }) {
  return (
    <div role="status">
      {hidden && (
        <p className="hidden-notice">
          <StatusMark status="offline" />
          <span>
            <strong>You appear offline.</strong> Others see you as gone, and this list shows what they
            see.
          </span>
        </p>
      )}
    </div>
  );
}
