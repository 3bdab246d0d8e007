/** The names of the tables in an object's storage. */
export function tableNames(sql: SqlStorage): ReadonlySet<string> {
  const rows = sql.exec<{ name: string }>("SELECT name FROM sqlite_master");
  return new Set([...rows].map(({ name }) => name));
}
