import type { Page } from "playwright-core";
import type { Snapshot, Status } from "../../src/protocol/messages.ts";

/** What is visible of a room, on its page or in its answer. */
export interface Shown {
  online: number;
  members: {
    id: string;
    name: string;
    status: Status;
    connections: number;
    lastOnline: string | null;
  }[];
}

/** A room's answer, without what no page shows: its version, and pictures. */
export function shownIn({ online, members }: Snapshot): Shown {
  return {
    online,
    members: members.map(({ id, name, status, connections, lastOnline }) => {
      return { id, name, status, connections, lastOnline };
    }),
  };
}

/** Reads the page like a person, from its text, ordered by id. */
export function shownOn(page: Page): Promise<Shown> {
  return page.evaluate(() => {
    const textOf = (root: ParentNode, selector: string) =>
      root.querySelector(selector)?.textContent.trim() ?? "";
    const rows = [...document.querySelectorAll<HTMLElement>("[data-member]")];
    const members = rows.map((row) => {
      const status = /^\w+/.exec(textOf(row, ".status"))?.[0].toLowerCase() as Status;
      const tabs = /^(\d+) tabs$/.exec(textOf(row, ".tabs"))?.[1];
      return {
        id: row.dataset["member"]!,
        name: textOf(row, ".name bdi"),
        status,
        connections: status === "offline" ? 0 : Number(tabs ?? 1),
        lastOnline: row.querySelector("time")?.dateTime ?? null,
      };
    });
    members.sort((a, b) => (a.id < b.id ? -1 : 1));
    return { online: Number.parseInt(textOf(document, ".online")) || 0, members };
  });
}
