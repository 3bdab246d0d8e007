import { signOut } from "./account-store.ts";

/** Who is signed in, in the navigation. */
export function Self({ name }: { name: string }) {
  return (
    <div className="self">
      <span className="self-name">{name}</span>
      <button type="button" className="button" onClick={() => void signOut()}>
        Sign out
      </button>
    </div>
  );
}
