import type { MemberRecord, Profile } from "./member.ts";

/** What another shard of a large room keeps of a user who comes from there (SPEC N6). */
export interface Adopted extends Pick<
  MemberRecord,
  "chosen" | "choseAt" | "data" | "issuedAt" | "lastOnline"
> {
  /** `null` if there is nothing to take over. */
  profile: Profile | null;
}

/** Whether it is newer than what is known of the user here. */
export function isNews({ profile, lastOnline }: Adopted, known: MemberRecord | undefined): boolean {
  if (profile === null) return false;
  return !known || (known.lastOnline ?? 0) <= (lastOnline ?? Number.POSITIVE_INFINITY);
}

/** Takes it over into a record. Without a time the user would be forgotten before they join. */
export function takeOver(record: MemberRecord, kept: Adopted, now: number): void {
  const { chosen, choseAt, data, profile, issuedAt, lastOnline } = kept;
  Object.assign(record, { profile, unseen: null, issuedAt });
  if (choseAt >= record.choseAt) Object.assign(record, { chosen, choseAt, data });
  record.lastOnline = lastOnline ?? now;
}
