const TABLES = /\b(?:members|room|barriers|tickets|watched|outbox)\b/g;

/**
 * A part of a real storage, for one of several objects of a test: its tables have a name of their own.
 */
export function partOf(storage: DurableObjectStorage, part: string): DurableObjectStorage {
  const { sql } = storage;
  const rename = (text: string) => text.replaceAll(TABLES, (table) => `${table}_${part}`);
  const exec = (query: string, ...values: unknown[]) => {
    const renamed = query.includes("sqlite_master") ? values.map((v) => rename(String(v))) : values;
    return sql.exec(rename(query), ...renamed);
  };
  const deleteAll = async () => {
    const names = sql.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'");
    const own = [...names].filter(({ name }) => name.endsWith(`_${part}`));
    for (const { name } of own) sql.exec(`DROP TABLE ${name}`);
  };
  return { sql: { exec }, deleteAll } as unknown as DurableObjectStorage;
}
