import { type SubmitEvent, useId, useState } from "react";
import { PICTURES, type Picture, picturePath } from "../pictures.ts";
import { ABOUT, Reading } from "./about.tsx";
import { signIn } from "./account-store.ts";
import { initialsOf } from "../../src/element/initials.ts";
import { type PageName, TopNav } from "./top-nav.tsx";
import { useTitle } from "./use-title.ts";

export function SignIn({ room, here }: { room: string; here: PageName }) {
  const [name, setName] = useState("");
  const [picture, setPicture] = useState<Picture>();
  const [failure, setFailure] = useState<string>();
  const [busy, setBusy] = useState(false);
  const nameId = useId();
  const failureId = useId();
  useTitle(`Join ${room} · Rollcall`);

  async function submit(event: SubmitEvent) {
    event.preventDefault();
    setBusy(true);
    setFailure(undefined);
    try {
      await signIn({ name, picture });
    } catch (error) {
      setFailure((error as Error).message);
      setBusy(false);
    }
  }

  return (
    <div className="alone">
      <TopNav here={here} />
      <main>
        <form className="card" onSubmit={submit}>
          <h1>
            Join <em>{room}</em>
          </h1>
          <p className="lead">{ABOUT}</p>
          <label className="field" htmlFor={nameId}>
            Your name
            <input
              id={nameId}
              name="name"
              value={name}
              onChange={(event) => setName(event.target.value)}
              maxLength={40}
              required
              pattern=".*\S.*"
              title="A name that people will know you by"
              autoComplete="name"
              // oxlint-disable-next-line jsx-a11y/no-autofocus -- there is nothing else to do here
              autoFocus
              aria-describedby={failure ? failureId : undefined}
            />
          </label>
          <fieldset className="pictures">
            <legend>Your picture</legend>
            {[undefined, ...PICTURES].map((option) => (
              <label key={option ?? "initials"} className="picture">
                <input
                  type="radio"
                  name="picture"
                  checked={picture === option}
                  onChange={() => setPicture(option)}
                />
                {option ? (
                  <img src={picturePath(option)} alt={option} width="40" height="40" />
                ) : (
                  <span>
                    <span aria-hidden="true">{initialsOf(name) || "Aa"}</span>
                    <span className="for-readers">your initials</span>
                  </span>
                )}
              </label>
            ))}
          </fieldset>
          {failure && (
            <p className="failure" id={failureId} role="alert">
              {failure}
            </p>
          )}
          <button type="submit" className="button primary" disabled={busy}>
            {busy ? "Joining…" : "Join"}
          </button>
          <Reading />
        </form>
      </main>
    </div>
  );
}
