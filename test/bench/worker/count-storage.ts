import type { Counts } from "./counts.ts";

type Cursor = SqlStorageCursor<Record<string, SqlStorageValue>>;

/** Cursors whose rows may not all have been read yet. */
const open = new Map<Counts, Cursor[]>();

/** Takes in what the cursors read and wrote; to be called before counts are looked at. */
export function settleCounts(counts: Counts): void {
  for (const cursor of open.get(counts) ?? []) {
    counts.rowsRead += cursor.rowsRead;
    counts.rowsWritten += cursor.rowsWritten;
  }
  open.set(counts, []);
}

/** Replaces some of an object's members, with the others as they are. */
export function overlay<Target extends object>(target: Target, replaced: Partial<Target>): Target {
  return new Proxy(target, {
    get: (_, key) => {
      const value: unknown = Reflect.get(key in replaced ? replaced : target, key);
      return typeof value === "function" && !(key in replaced) ? value.bind(target) : value;
    },
  });
}

/** A storage that counts: rows by what the cursors tell, keys and alarms by the calls, a row each. */
export function countStorage(storage: DurableObjectStorage, counts: Counts): DurableObjectStorage {
  const exec = ((query: string, ...bindings: unknown[]) => {
    const cursor = storage.sql.exec(query, ...bindings);
    const cursors = open.get(counts) ?? [];
    open.set(counts, cursors);
    cursors.push(cursor);
    return cursor;
  }) as SqlStorage["exec"];
  return overlay(storage, {
    sql: overlay(storage.sql, { exec }),
    kv: overlay(storage.kv, {
      put: (key, value) => {
        counts.rowsWritten++;
        storage.kv.put(key, value);
      },
      delete: (key) => {
        const isDeleted = storage.kv.delete(key);
        if (isDeleted) counts.rowsWritten++;
        return isDeleted;
      },
    }),
    setAlarm: (...args: Parameters<DurableObjectStorage["setAlarm"]>) => {
      counts.alarmsSet++;
      return storage.setAlarm(...args);
    },
  });
}
