/** A system under measurement, in its own process. */
export interface Server {
  readonly port: number;
  /** Of the process that serves, whose CPU and memory are read. */
  readonly pid: number;
  /** What sessions are signed with, where they are. */
  readonly secret: string;
  /** Where the heaps of its Workers can be read, if they can be. */
  readonly inspectorPort?: number;
  stop(): Promise<void>;
}
