import type { ReactNode } from "react";
import { Wordmark } from "./wordmark.tsx";

const PAGES = [
  { name: "Room", href: "/in/lobby" },
  { name: "Team", href: "/see/team" },
  { name: "Live", href: "/see/live" },
  { name: "Large", href: "/see/large" },
] as const;

export type PageName = (typeof PAGES)[number]["name"];

interface Props {
  here?: PageName;
  children?: ReactNode;
}

/** The top of every page, which leads to the others. */
export function TopNav({ here, children }: Props) {
  return (
    <nav className="top" aria-label="Pages">
      <Wordmark />
      <ul className="pages">
        {PAGES.map(({ name, href }) => (
          <li key={name}>
            <a href={href} aria-current={name === here ? "page" : undefined}>
              {name}
            </a>
          </li>
        ))}
      </ul>
      {children}
    </nav>
  );
}
