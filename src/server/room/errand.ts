/**
 * Work that leaves the room, such as a request to another object. What it answers comes back as an
 * event of its own: it is applied at that time, in milliseconds, and may lead to another errand.
 */
export type Errand = Promise<Follow>;

/** What is to be done in the room with what an errand answered. */
export type Follow = (now: number) => Errand | null;

/** For an errand whose answer changes nothing. */
export const nothingFollows: Follow = () => null;
