import type { RoomError } from "../../src/client/index.ts";
import { signOut } from "./account-store.ts";

const NEEDS_SIGN_IN = /^(session_|unauthenticated$)/;

const WORDS: Record<string, string> = {
  room_forbidden: "The account you signed in with may not enter it.",
  session_expired: "Your session has ended.",
};

interface Props {
  error: RoomError | null;
  joinAgain(): void;
}

/** Says that the room is closed to this page, why, and what to do. */
export function Closed({ error, joinAgain }: Props) {
  const reason = error && (WORDS[error.code] ?? error.message);
  const isForbidden = error?.code === "room_forbidden";
  return (
    <div className="closed" role="alert">
      <h2>{isForbidden ? "This room is not open to you" : "You are no longer here"}</h2>
      {reason && <p>{reason}</p>}
      {error && (isForbidden || NEEDS_SIGN_IN.test(error.code)) ? (
        <button type="button" className="button primary" onClick={signOut}>
          {isForbidden ? "Sign in as someone else" : "Sign in again"}
        </button>
      ) : (
        <button type="button" className="button primary" onClick={joinAgain}>
          Join again
        </button>
      )}
    </div>
  );
}
