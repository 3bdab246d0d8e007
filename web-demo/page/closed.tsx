import type { RoomError } from "../../src/client/types.ts";

const NEEDS_SIGN_IN = /^(session_(?!unavailable)|unauthenticated$)/;

const WORDS: Record<string, string> = {
  kicked: "Somebody took you out of this room.",
  room_forbidden: "This room is not open to you.",
  room_full: "This room is full.",
  too_many_connections: "You have this room open too many times. Close a few tabs first.",
  session_expired: "Your session has ended.",
};

interface Props {
  error: RoomError | null;
  joinAgain(): void;
  signOut(): Promise<void>;
}

/** The room is over for this page, why, and the way back. */
export function Closed({ error, joinAgain, signOut }: Props) {
  const reason = error && (WORDS[error.code] ?? error.message);
  return (
    <div className="closed" role="alert">
      <h2>You are no longer here</h2>
      {reason && <p>{reason}</p>}
      {error && NEEDS_SIGN_IN.test(error.code) ? (
        <button type="button" className="button primary" onClick={signOut}>
          Sign in again
        </button>
      ) : (
        <button type="button" className="button primary" onClick={joinAgain}>
          Join again
        </button>
      )}
    </div>
  );
}
