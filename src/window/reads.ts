import type { Member, Snapshot } from "../protocol/messages.ts";

/** How many ids a URL may have (SPEC S4). */
const MOST_IN_URL = 50;

/** The reads of a watcher with a window: the counts, and as many windows as the watched ids need. */
export function readUrls(room: URL, limit: number, ids: string[]): URL[] {
  const urls = [urlWith(room, "fields", "counts")];
  const count = Math.max(ids.length, Math.min(limit, 1));
  for (let at = 0; at < count; at += MOST_IN_URL) {
    const url = urlWith(room, "limit", String(at > 0 ? 0 : limit));
    for (const id of ids.slice(at, at + MOST_IN_URL)) url.searchParams.append("watch", id);
    urls.push(url);
  }
  return urls;
}

/** Merges the counts and windows of one room: each member once, ordered by id. */
export function mergeReads(counts: Omit<Snapshot, "members">, windows: Snapshot[]): Snapshot {
  const byId = new Map<string, Member>();
  for (const { members } of windows) for (const member of members) byId.set(member.id, member);
  const members = [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  return { ...counts, members };
}

function urlWith(room: URL, key: string, value: string): URL {
  const url = new URL(room);
  url.searchParams.set(key, value);
  return url;
}
