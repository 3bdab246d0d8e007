/** Runs one turn of the room, and returns what `act` does; `undefined` after a fault, which is logged. */
export type RunTurn = <Result>(act: (now: number) => Result) => Result | undefined;

/**
 * Work that waits for another object or the app. It runs beside the room's events, and changes the
 * room in turns of its own.
 */
export type Task = (runTurn: RunTurn) => Promise<void>;
