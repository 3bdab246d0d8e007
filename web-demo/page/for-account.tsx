import type { ReactNode } from "react";
import type { User } from "./account.ts";
import { type Account, loadAccount } from "./account-store.ts";
import { Card } from "./card.tsx";

interface Props {
  account: Account;
  signedOut: ReactNode;
  children(user: User): ReactNode;
}

/** What somebody sees who is signed in, or nobody. */
export function ForAccount({ account, signedOut, children }: Props) {
  switch (account.is) {
    case "unknown":
      return null;
    case "unreachable":
      return (
        <Card title="Nobody answers">
          <p>The service could not be reached.</p>
          <button type="button" className="button primary" onClick={loadAccount}>
            Try again
          </button>
        </Card>
      );
    case "signed-out":
      return signedOut;
    case "signed-in":
      return children(account.user);
    default:
      return account satisfies never;
  }
}
