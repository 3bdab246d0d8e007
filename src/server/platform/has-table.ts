/** Whether an object's storage has a table; each is made by the first write to it. */
export function hasTable(sql: SqlStorage, name: string): boolean {
  return [...sql.exec("SELECT 1 FROM sqlite_master WHERE name = ?", name)].length > 0;
}
