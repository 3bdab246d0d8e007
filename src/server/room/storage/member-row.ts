import type { Status } from "../../../protocol/messages.ts";
import { isTime, type MemberRecord, type Profile } from "../members/member.ts";
import { fromStored, toStored, type StoredPlace } from "../members/place.ts";

/** A row of `members`. `places` holds the connections as {@link toStored} writes them. */
export type MemberRow = {
  id: string;
  version: number;
  name: string;
  image: string | null;
  issued_at: number;
  unseen: string | null;
  chosen: string | null;
  data: string | null;
  places: string;
  last_online: number | null;
  stamp: number;
};

/** The values of a row, in the order of its columns. */
export function toRow(record: MemberRecord): (string | number | null)[] {
  const { profile, unseen, data } = record;
  return [
    record.id,
    record.version,
    profile.name,
    profile.image ?? null,
    record.issuedAt,
    unseen && JSON.stringify(unseen),
    record.chosen,
    data && JSON.stringify(data),
    JSON.stringify(toStored(record.places)),
    record.lastOnline,
    record.stamp,
  ];
}

const STATUSES: readonly unknown[] = ["online", "away", "busy", "offline"] satisfies Status[];

const isText = (value: unknown): value is string => typeof value === "string";
const isCount = (value: unknown): value is number => Number.isSafeInteger(value);
const isStatus = (value: unknown): value is Status => STATUSES.includes(value);
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isProfile = (value: unknown): value is Profile =>
  isObject(value) && isText(value.name) && (value.image === undefined || isText(value.image));

const isPlace = (value: unknown): value is StoredPlace =>
  value === "active" ||
  value === "idle" ||
  (isObject(value) &&
    (isText(value.connection) || (value.connection ?? value.leasedUntil) === undefined) &&
    typeof value.idle === "boolean" &&
    (value.lostAt === null || isTime(value.lostAt)) &&
    (value.leasedUntil === undefined || isTime(value.leasedUntil)) &&
    (value.session === undefined || isObject(value.session)));

const isPlaces = (value: unknown): value is StoredPlace[] =>
  Array.isArray(value) && value.every(isPlace);

/** Parses a column's JSON; `undefined` if it is malformed. */
function parse(text: string | null): unknown {
  if (text === null) return null;
  try {
    return JSON.parse(String(text));
  } catch {
    return undefined;
  }
}

/**
 * Reads a row. A damaged row does not keep the room from starting: `tell` is called with each column
 * that cannot be read, which then counts as never set. A member who has neither a connection nor an
 * entry on the list afterwards is forgotten.
 */
export function fromRow(row: MemberRow, tell: (column: keyof MemberRow) => void): MemberRecord {
  function read<Value, Fallback>(
    column: keyof MemberRow,
    value: unknown,
    is: (value: unknown) => value is Value,
    fallback: Fallback,
  ): Value | Fallback {
    if (is(value)) return value;
    if (value !== fallback) tell(column);
    return fallback;
  }
  const image = read("image", row.image, isText, null);
  return {
    id: row.id,
    version: read("version", row.version, isCount, 0),
    profile: { name: read("name", row.name, isText, row.id), ...(image !== null && { image }) },
    issuedAt: read("issued_at", row.issued_at, isTime, 0),
    unseen: read("unseen", parse(row.unseen), isProfile, null),
    chosen: read("chosen", row.chosen, isStatus, null),
    data: read("data", parse(row.data), isObject, null),
    places: fromStored(read("places", parse(row.places), isPlaces, [])),
    lastOnline: read("last_online", row.last_online, isTime, null),
    stamp: read("stamp", row.stamp, isCount, 0),
  };
}
