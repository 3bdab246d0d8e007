import type { Replica } from "../../../src/client/replica.ts";
import type { ModelShard, WindowClient } from "./model-shard.ts";
import { USERS } from "../room/model-steps.ts";
import type { Network } from "./network.ts";

/** How long ago something may have been that is shown now: two calls that were late, and their gathering. */
const LAG_MS = 20_000;
/** The same where nothing went wrong for that long: two gatherings, and that of counts. */
const SOUND_LAG_MS = 2_000;

interface AbsencesParts {
  network: Network;
  shards: () => readonly ModelShard[];
  /** When the hub last started. */
  hubStartedAt: () => number;
}

/** Knows when each user was last absent in the shards themselves, and finds who is shown as gone and is not. */
export class Absences {
  readonly #parts: AbsencesParts;
  readonly #absentAt = new Map<string, number>();
  readonly #absent = new Set<string>();
  readonly found: string[] = [];

  constructor(parts: AbsencesParts) {
    this.#parts = parts;
  }

  /** Call it after each turn of a shard. */
  note(): void {
    for (const user of USERS) {
      const isHere = this.#isHere(user);
      // Who comes in this turn was absent until now, however long ago the last turn was.
      if (!isHere || this.#absent.has(user)) this.#absentAt.set(user, Date.now());
      if (isHere) this.#absent.delete(user);
      else this.#absent.add(user);
    }
  }

  /** Looks at what a client was shown. */
  look(client: WindowClient, before: Replica | null): void {
    const now = Date.now();
    const { members } = client.roll ?? { members: [] };
    const shown = new Set(members.filter(isPresent).map(({ id }) => id));
    const others = [...shown].filter((id) => !client.watched.has(id));
    for (const { id } of before?.members.filter(isPresent) ?? []) {
      // It may have been displaced by others.
      const isExpected = client.watched.has(id) || others.length < client.limit;
      if (!isExpected || shown.has(id) || this.#mayBeShownGone(id, now)) continue;
      this.found.push(`${id} to ${client.user} at ${now}`);
    }
  }

  /** Whether a shard shows a user, and none has them hidden. */
  #isHere(user: string): boolean {
    const rosters = this.#parts.shards().map(({ room }) => room.roster);
    const isHidden = rosters.some((roster) => roster.chosenBy(user) === "offline");
    return !isHidden && rosters.some((roster) => roster.isShown(user));
  }

  #mayBeShownGone(user: string, now: number): boolean {
    const { network, shards, hubStartedAt } = this.#parts;
    const isLate = (at: number) => at >= now - LAG_MS;
    const lagMs = isLate(network.lastFaultAt) ? LAG_MS : SOUND_LAG_MS;
    if (!this.#isHere(user) || (this.#absentAt.get(user) ?? 0) >= now - lagMs) return true;
    const holders = shards().filter(({ room }) => room.roster.isShown(user));
    return holders.some(({ name }) => {
      // A shard that is silent for so long counts as gone, until it speaks again (SPEC N4.3).
      const isSilent = isLate(network.silentAt(name));
      // The hub knows nothing of a shard that could not speak since its start (SPEC N4.1).
      const isUnknown = isLate(hubStartedAt()) && isLate(network.faultyAt(name));
      return isSilent || isUnknown;
    });
  }
}

const isPresent = ({ status }: { status: string }) => status !== "offline";
