/** An occupied room and its counts (SPEC B9). */
export interface ListedRoom {
  room: string;
  online: number;
  connections: number;
}

/** A room on the list; one that has not reported for a while needs to be confirmed. */
export interface FoundRoom extends ListedRoom {
  isOld?: true;
}

/** A report of a room; its entry ends with the lease, unless the room reports again. */
export interface RoomReport extends ListedRoom {
  leaseMs: number;
}

/** Selects the rooms whose names begin with `prefix` and come after `after`. */
export interface ListQuery {
  prefix: string;
  after: string;
  limit: number;
  /** The caller confirms old entries: 0.1.0 does not, and would show the mark. */
  confirms?: true;
}

/** The calls that an object of the list answers. */
export interface DirectoryObject extends Rpc.DurableObjectBranded {
  tell(report: RoomReport): Promise<void>;
  list(query: ListQuery): FoundRoom[];
  confirm(rooms: readonly string[]): Promise<ListedRoom[]>;
}
