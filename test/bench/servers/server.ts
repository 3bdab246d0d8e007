/** A system under measurement, in its own process. */
export interface Server {
  readonly port: number;
  /** Of the process that serves, whose CPU and memory are read. */
  readonly pid: number;
  /** What sessions are signed with, where they are. */
  readonly secret: string;
  stop(): Promise<void>;
}
