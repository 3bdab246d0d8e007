import type { Status } from "../../../protocol/messages.ts";
import { isTime, type MemberRecord, type Profile } from "../members/member.ts";
import { fromStored, toStored, type StoredPlace } from "../members/place.ts";

/** The columns of `members`, in their order. */
export const COLUMNS = [
  "id",
  "version",
  "name",
  "image",
  "issued_at",
  "unseen",
  "chosen",
  "data",
  "places",
  "last_online",
  "stamp",
  "chose_at",
] as const;
type Column = (typeof COLUMNS)[number];

/** The values of a row, in the order of {@link COLUMNS}; they may be damaged. */
export type MemberRow = SqlStorageValue[];

/** Called with each column that cannot be read, and the member's id. */
export type TellDamage = (column: Column, id: string) => void;

/** The values of a row; `places` holds the connections as {@link toStored} writes them. */
export function toRow(record: MemberRecord): MemberRow {
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
    record.choseAt,
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
function parse(value: unknown): unknown {
  if (value === null) return null;
  try {
    return JSON.parse(String(value));
  } catch {
    return undefined;
  }
}

const NONE = JSON.stringify(toStored([]));
const ONE = JSON.stringify(["active"] satisfies StoredPlace[]);

/** Nearly all members have one of these, and a room that wakes parses those of all. */
function placesOf(value: unknown): unknown {
  if (value === ONE) return ["active"];
  return value === NONE ? [] : parse(value);
}

/**
 * Reads a row. A damaged row does not keep the room from starting: `tell` is called with each column
 * that cannot be read, which then counts as never set. A member who has neither a connection nor an
 * entry on the list afterwards is forgotten.
 */
export function fromRow(row: MemberRow, tell: TellDamage): MemberRecord {
  const id = row[0] as string;
  const image = read(row, 3, isText, null, tell);
  const name = read(row, 2, isText, id, tell);
  return {
    id,
    version: read(row, 1, isCount, 0, tell),
    profile: image === null ? { name } : { name, image },
    issuedAt: read(row, 4, isTime, 0, tell),
    unseen: read(row, 5, isProfile, null, tell, parse),
    chosen: read(row, 6, isStatus, null, tell),
    data: read(row, 7, isObject, null, tell, parse),
    places: fromStored(read(row, 8, isPlaces, [], tell, placesOf)),
    lastOnline: read(row, 9, isTime, null, tell),
    stamp: read(row, 10, isCount, 0, tell),
    choseAt: read(row, 11, isTime, 0, tell),
  };
}

function read<Value, Fallback>(
  row: MemberRow,
  column: number,
  is: (value: unknown) => value is Value,
  fallback: Fallback,
  tell: TellDamage,
  parsed?: (value: unknown) => unknown,
): Value | Fallback {
  const stored: unknown = row[column];
  if (stored === fallback) return fallback;
  const value = parsed ? parsed(stored) : stored;
  if (is(value)) return value;
  if (value !== fallback) tell(COLUMNS[column]!, row[0] as string);
  return fallback;
}
