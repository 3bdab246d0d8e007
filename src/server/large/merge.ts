import type { Member, Status } from "../../protocol/messages.ts";
import type { Choice } from "./messages.ts";

/** A user as one shard reports them. */
export interface Part {
  /** The key of the shard. */
  readonly shard: string;
  /** As the shard's others would see them. */
  json: string;
  connections: number;
  /** The time of the newest choice of status and data that is known there; 0 for none. */
  readonly choseAt: number;
  readonly chosen: Status | null;
}

const lastOnlineOf = (member: Member) => member.lastOnline ?? "";

/**
 * The part whose choice counts: the newest. Of equal ones it is the one in the shard of the larger
 * number of connections, then the first.
 */
export function newestOf(parts: readonly Part[]): Part {
  return parts.reduce((newest, part) => {
    if (part.choseAt !== newest.choseAt) return part.choseAt > newest.choseAt ? part : newest;
    return part.connections > newest.connections ? part : newest;
  });
}

/**
 * Merges what several shards report of one user (SPEC N6): the sum of the connections, the newest
 * choice and data, online if any connection is.
 */
export function mergeParts(parts: readonly Part[]): { json: string; connections: number } {
  const newest = newestOf(parts);
  const members = new Map(parts.map((part) => [part, JSON.parse(part.json) as Member]));
  const all = [...members.values()];
  const present = all.filter(({ connections }) => connections > 0);
  const base = members.get(newest)!;
  const isHidden = newest.chosen === "offline";
  if (present.length === 0 || isHidden) {
    const latest = all.reduce((a, b) => (lastOnlineOf(b) > lastOnlineOf(a) ? b : a));
    const { lastOnline } = isHidden ? firstHidden(parts, members) : latest;
    const { data: _, ...known } = base;
    const member = { ...known, status: "offline", connections: 0, lastOnline };
    return { json: JSON.stringify(member), connections: 0 };
  }
  const connections = present.reduce((sum, member) => sum + member.connections, 0);
  const data = base.connections > 0 ? base.data : present[0]!.data;
  const { id, name, image } = base;
  const member = {
    id,
    name,
    ...(image !== undefined && { image }),
    status: newest.chosen ?? automatic(parts, members),
    connections,
    lastOnline: null,
    ...(data && { data }),
  };
  return { json: JSON.stringify(member), connections };
}

/** Where a user hid first: the choice was passed on to the other shards, which hid them later. */
function firstHidden(parts: readonly Part[], members: ReadonlyMap<Part, Member>): Member {
  const hidden = parts.filter(({ chosen }) => chosen === "offline");
  const all = hidden.map((part) => members.get(part)!).filter(({ lastOnline }) => lastOnline);
  const [first] = all.toSorted((a, b) => (lastOnlineOf(a) < lastOnlineOf(b) ? -1 : 1));
  return first ?? members.get(hidden[0]!)!;
}

/** The status of a user who chose none: an older choice elsewhere says nothing about being idle. */
function automatic(parts: readonly Part[], members: ReadonlyMap<Part, Member>): Status {
  const isOnline = parts.some((part) => {
    return part.connections > 0 && (part.chosen !== null || members.get(part)!.status === "online");
  });
  return isOnline ? "online" : "away";
}

/** A user's choice in one shard, for another. */
export function choiceOf(user: string, { choseAt, chosen, json, connections }: Part): Choice {
  const { data = null } = JSON.parse(json) as Member;
  return { user, choseAt, chosen, ...(connections > 0 && { data }) };
}

/** A member of a shard that has been silent for too long: offline since it was last heard. */
export function silenced(json: string, heardAt: number): string {
  const { data: _, ...member } = JSON.parse(json) as Member;
  const lastOnline = member.lastOnline ?? new Date(heardAt).toISOString();
  return JSON.stringify({ ...member, status: "offline", connections: 0, lastOnline });
}
