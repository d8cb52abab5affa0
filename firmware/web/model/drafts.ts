/** What was typed and not saved: it stays while pages are turned, and goes with the session, since secrets may be in it. */
import { useState } from "preact/hooks";

export class Drafts {
  readonly #kept = new Map<string, unknown>();

  get isEmpty(): boolean {
    return this.#kept.size === 0;
  }

  get<T>(name: string, nothing: T): T {
    return this.#kept.has(name) ? (this.#kept.get(name) as T) : nothing;
  }

  set<T>(name: string, draft: T, nothing: T): void {
    if (draft === nothing) this.#kept.delete(name);
    else this.#kept.set(name, draft);
  }

  clear(): void {
    this.#kept.clear();
  }
}

/**
 * @param name of the form; two of the same name share a draft.
 * @param nothing the very value that stands for no draft.
 */
export function useDraft<T>(drafts: Drafts, name: string, nothing: T): readonly [T, (draft: T) => void] {
  const [draft, setDraft] = useState<T>(() => drafts.get(name, nothing));
  const change = (next: T): void => {
    drafts.set(name, next, nothing);
    setDraft(() => next);
  };
  return [draft, change];
}
