/** A room that somebody is in, and how many (SPEC B9). */
export interface ListedRoom {
  room: string;
  online: number;
  connections: number;
}

/** A room as the list has it; one that has not told for a while is to be confirmed. */
export interface FoundRoom extends ListedRoom {
  isOld?: true;
}

/** What a room tells of itself; it is listed no longer than its lease, unless it tells again. */
export interface RoomReport extends ListedRoom {
  leaseMs: number;
}

/** Which rooms are asked for: names that begin with `prefix`, and come after `after`. */
export interface ListQuery {
  prefix: string;
  after: string;
  limit: number;
  /** Whoever asks has old ones confirmed: 0.1.0 does not, and would show the mark. */
  confirms?: true;
}

/** What an object of the list of rooms may be called for. */
export interface DirectoryObject extends Rpc.DurableObjectBranded {
  tell(report: RoomReport): Promise<void>;
  list(query: ListQuery): FoundRoom[];
  confirm(rooms: readonly string[]): Promise<ListedRoom[]>;
}
