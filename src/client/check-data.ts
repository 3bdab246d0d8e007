import { MAX_DATA_BYTES } from "../protocol/member.ts";

/** Throws a `TypeError` if the room would refuse it (SPEC W8). */
export function checkData(data: object | null): void {
  const json = JSON.stringify(data) ?? "";
  const fits = json.startsWith("{") && new Blob([json]).size <= MAX_DATA_BYTES;
  if (data !== null && !fits) throw new TypeError("setData: no object, or over 1 KiB.");
}
