/** What every part of the page may use, and how it gets hold of it. */
import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import { browser } from "../browser.ts";
import type { ApiClient } from "./api-client.ts";
import type { Answers, Path, Settings, Snapshot } from "./api-types.ts";
import type { Drafts } from "./drafts.ts";
import type { Live } from "./live.ts";
import { type Store, useStore } from "./store.ts";

/** What is said before something is done that stops hashing, raises power or loses data. */
export interface Question {
  readonly title: string;
  readonly text: string;
  /** Word on the button that does it. */
  readonly act: string;
}

export interface Access {
  /** Null: nobody is signed in, or the page does not know (any more) as whom. */
  readonly who: string | null;
  readonly scope: string | null;
}

export interface Kit {
  readonly client: ApiClient;
  readonly live: Live;
  readonly access: Store<Access>;
  readonly drafts: Drafts;
  /** Resolves with what the owner chose. */
  readonly ask: (question: Question) => Promise<boolean>;
  readonly signIn: (token: string) => Promise<string | null>;
  readonly signOut: () => Promise<void>;
}

export const KitContext = createContext<Kit | null>(null);

export function useKit(): Kit {
  const kit = useContext(KitContext);
  if (kit === null) throw new Error("a part of the page is used outside of it");
  return kit;
}

/** Null while there is none. */
export function useSnapshot(): Snapshot | null {
  return useStore(useKit().live.state).snapshot;
}

export interface Polled<T> {
  readonly data: T | null;
  readonly problem: string | null;
  readonly reload: () => void;
}

/** Whoever wants one answer only gets it when the board can be reached again. */
const RETRY_MS = 5_000;

/** Asks at once and then each `periodMs` while somebody looks; 0 asks for one answer. A null path asks nothing. */
export function usePolled<P extends Path>(path: P | null, periodMs = 0): Polled<Answers[P]> {
  const { client } = useKit();
  const [got, setGot] = useState<{ path: P; data: Answers[P] } | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [round, setRound] = useState(0);
  useEffect(() => {
    if (path === null) return;
    let isOver = false;
    let isAsking = false;
    let isAnswered = false;
    const ask = async (): Promise<void> => {
      if (isAsking || document.visibilityState === "hidden") return;
      isAsking = true;
      const answer = await client.get(path);
      isAsking = false;
      if (isOver) return;
      if (answer.ok) setGot({ path, data: answer.data });
      setProblem(answer.ok ? null : answer.message);
      isAnswered = answer.ok || (answer.status >= 400 && answer.status < 500);
    };
    const again = (): void => {
      if (periodMs > 0 || !isAnswered) void ask();
    };
    void ask();
    const stop = browser.every(periodMs > 0 ? periodMs : RETRY_MS, again);
    // A tab that was opened in the background has asked nothing yet.
    document.addEventListener("visibilitychange", again);
    return () => {
      isOver = true;
      stop();
      document.removeEventListener("visibilitychange", again);
    };
  }, [client, path, periodMs, round]);
  const data = got !== null && got.path === path ? got.data : null;
  return { data, problem, reload: () => setRound((r) => r + 1) };
}

export function useSettings(): Polled<Settings> {
  return usePolled("/settings", 10_000);
}
