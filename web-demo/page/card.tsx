import type { ReactNode } from "react";
import { TopNav } from "./top-nav.tsx";
import { useTitle } from "./use-title.ts";

interface Props {
  title: ReactNode;
  here?: "Room" | "Live";
  children: ReactNode;
}

/** A page with a single topic. */
export function Card({ title, here, children }: Props) {
  useTitle(typeof title === "string" ? `${title} · Rollcall` : null);
  return (
    <div className="alone">
      <TopNav {...(here && { here })} />
      <main>
        <div className="card">
          <h1>{title}</h1>
          {children}
        </div>
      </main>
    </div>
  );
}
