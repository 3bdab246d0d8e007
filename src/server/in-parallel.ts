/**
 * Runs `act` for each item, at most `atOnce` at a time; answers the results in the items' order.
 * Where one throws, no more are begun.
 *
 * @example
 * await inParallel(["a", "b"], 2, (name) => fetch(`https://example.com/${name}`));
 */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  act: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const queue = items.entries();
  const work = async () => {
    for (const [index, item] of queue) results[index] = await act(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, work));
  return results;
}
