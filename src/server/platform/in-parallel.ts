/**
 * Runs `act` for each item, at most `atOnce` at a time, and returns the settled results in the items'
 * order. It never throws: a failed item does not affect the others.
 *
 * @example
 * const [first] = await inParallel(["a", "b"], 2, (name) => fetch(`https://example.com/${name}`));
 * if (first.status === "fulfilled") console.log(first.value);
 */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  act: (item: Item) => Promise<Result>,
): Promise<PromiseSettledResult<Result>[]> {
  const results: PromiseSettledResult<Result>[] = [];
  const queue = items.entries();
  const work = async () => {
    for (const [index, item] of queue) {
      [results[index]] = await Promise.allSettled([act(item)]);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, work));
  return results;
}
