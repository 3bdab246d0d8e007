import { useEffect, useRef, useState } from "react";
import type { Member, Self } from "../../src/client/index.ts";
import { useConnection, useMembers, useSelf } from "../../src/react/index.ts";

/** Joins and leaves that come close together are announced together. */
const GATHER_MS = 1000;

type Names = ReadonlyMap<string, string>;

function namesPresent(members: readonly Member[], self: Self | null): Names {
  const others = members.filter(({ id, status }) => status !== "offline" && id !== self?.id);
  return new Map(others.map(({ id, name }) => [id, name]));
}

function tell(names: readonly string[], verb: string): string {
  if (names.length === 0) return "";
  return names.length > 3 ? `${names.length} people ${verb}.` : `${names.join(", ")} ${verb}.`;
}

function describeChange(before: Names, after: Names): string {
  const joined = [...after].filter(([id]) => !before.has(id)).map(([, name]) => name);
  const left = [...before].filter(([id]) => !after.has(id)).map(([, name]) => name);
  return [tell(joined, "joined"), tell(left, "left")].filter((text) => text !== "").join(" ");
}

/** Announces to screen readers, politely, who came and who went. */
export function Announcer() {
  const members = useMembers();
  const self = useSelf();
  const live = useConnection() === "online";
  const [text, setText] = useState("");
  const told = useRef<Names>(null);
  const latest = useRef<Names>(null);

  useEffect(() => {
    if (!live) return;
    latest.current = namesPresent(members, self);
    told.current ??= latest.current;
  }, [members, self, live]);

  useEffect(() => {
    const timer = setInterval(() => {
      if (told.current === null || latest.current === null) return;
      const change = describeChange(told.current, latest.current);
      told.current = latest.current;
      if (change !== "") setText(change);
    }, GATHER_MS);
    return () => clearInterval(timer);
  }, []);

  return (
    <p className="for-readers" aria-live="polite">
      {text}
    </p>
  );
}
