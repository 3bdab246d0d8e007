import type { RoomError } from "./types.ts";

/** Codes by which trying again does not help: the caller has to become another, or to ask for another room. */
const FINAL = new Set([400, 401, 403, 404]);

/**
 * Learns why an upgrade was refused, which a browser does not tell, by reading the room once.
 * `null` where it was not refused for good, or nobody answers.
 */
export async function askWhyRefused(url: URL, fetchRoom: typeof fetch): Promise<RoomError | null> {
  try {
    const response = await fetchRoom(url, {
      credentials: "include",
      signal: AbortSignal.timeout(10_000),
    });
    if (!FINAL.has(response.status)) return null;
    const { error } = (await response.json()) as { error: RoomError };
    return { code: error.code, message: error.message };
  } catch {
    return null;
  }
}
