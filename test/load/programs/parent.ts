/** The program's side of a {@link Crowd}: what the test says, one after another. */
export async function* orders<Order>(): AsyncGenerator<Order> {
  const waiting: Order[] = [];
  let wake = (): void => undefined;
  process.on("message", (order: Order) => {
    waiting.push(order);
    wake();
  });
  // A test that is gone wants nothing any more.
  process.on("disconnect", () => process.exit(0));
  for (;;) {
    while (waiting.length > 0) yield waiting.shift()!;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
}

export function report(answer: object): void {
  process.send?.(answer);
}
