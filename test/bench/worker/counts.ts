/** What an object did to its storage, and how often it was woken. */
export interface Counts {
  rowsWritten: number;
  rowsRead: number;
  /** Each is one row written as well, which `rowsWritten` does not hold. */
  alarmsSet: number;
  alarmsFired: number;
  starts: number;
  /** Calls that objects took, of the Worker and of each other; without requests and sockets' events. */
  calls: number;
}
