/** The verified identity behind a request (SPEC, "Words"). Times are milliseconds since 1970. */
export interface Session {
  user: SessionUser;
  roles: readonly string[];
  /** The rooms it gives access to; a trailing `*` matches any rest. Absent: all rooms. */
  rooms?: readonly string[];
  id?: string;
  issuedAt?: number;
  expiresAt: number;
}

export interface SessionUser {
  id: string;
  name?: string;
  image?: string;
}
