/** A binary heap ordered by (time, sequence): two events of one instant come out in the order in which they went in. */
export interface HeapEvent {
  readonly timeMs: number;
  readonly sequence: number;
}

function isBefore(a: HeapEvent, b: HeapEvent): boolean {
  return a.timeMs < b.timeMs || (a.timeMs === b.timeMs && a.sequence < b.sequence);
}

export class EventHeap<T extends HeapEvent> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  push(event: T): void {
    const items = this.#items;
    let hole = items.length;
    items.push(event);
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (!isBefore(event, items[parent]!)) break;
      items[hole] = items[parent]!;
      hole = parent;
    }
    items[hole] = event;
  }

  pop(): T | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (last !== undefined && items.length > 0) this.#sink(last);
    return first;
  }

  clear(): void {
    this.#items.length = 0;
  }

  /** Keeps the events that `isWanted` accepts. */
  filter(isWanted: (event: T) => boolean): void {
    const wanted = this.#items.filter(isWanted);
    this.clear();
    for (const event of wanted) this.push(event);
  }

  #sink(event: T): void {
    const items = this.#items;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && isBefore(items[child + 1]!, items[child]!)) child++;
      if (!isBefore(items[child]!, event)) break;
      items[hole] = items[child]!;
      hole = child;
    }
    items[hole] = event;
  }
}
