import { signOut } from "./account-store.ts";

interface Props {
  name: string;
  /** Before the sign-out. */
  leave?(): void;
}

/** Who is signed in, in the navigation. */
export function Self({ name, leave }: Props) {
  function end() {
    leave?.();
    void signOut();
  }

  return (
    <div className="self">
      <bdi className="self-name">{name}</bdi>
      <button type="button" className="button" onClick={end}>
        Sign out
      </button>
    </div>
  );
}
