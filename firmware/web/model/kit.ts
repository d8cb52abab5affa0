/** Puts the parts of the page together, once. */
import { browser } from "../browser.ts";
import { ApiClient } from "./api-client.ts";
import type { Access, Kit, Question } from "./context.ts";
import { Drafts } from "./drafts.ts";
import { Live } from "./live.ts";
import { Store } from "./store.ts";

const NOBODY: Access = { who: null, scope: null };

export interface Asked extends Question {
  readonly answer: (isWanted: boolean) => void;
}

export interface Parts {
  readonly kit: Kit;
  readonly asked: Store<Asked | null>;
  /** Somebody was signed in and is no more, without having wished so. */
  readonly hasExpired: Store<boolean>;
}

export function createParts(): Parts {
  const access = new Store<Access>(recalled());
  const asked = new Store<Asked | null>(null);
  const hasExpired = new Store(false);
  const drafts = new Drafts();
  const client: ApiClient = new ApiClient(() => {
    // Several requests may be refused at once: only the first finds somebody signed in.
    if (access.value.who !== null) hasExpired.value = true;
    become(NOBODY);
    live.signedOut();
  });
  const live = new Live(client);
  const become = (next: Access): void => {
    access.value = next;
    if (next.who === null) {
      asked.value?.answer(false);
      drafts.clear();
    }
    browser.remember("access", next.who === null ? null : JSON.stringify(next));
  };
  const kit: Kit = {
    client,
    live,
    access,
    drafts,
    ask: (question) =>
      new Promise((resolve) => {
        asked.value?.answer(false);
        asked.value = {
          ...question,
          answer: (isWanted) => {
            asked.value = null;
            resolve(isWanted);
          },
        };
      }),
    signIn: async (token) => {
      const got = await client.signIn(token);
      if (!got.ok) return got.message;
      become({ who: got.data.who, scope: got.data.scope });
      hasExpired.value = false;
      live.signedIn();
      return null;
    },
    signOut: async () => {
      await client.signOut();
      hasExpired.value = false;
      become(NOBODY);
      live.signedOut();
    },
  };
  return { kit, asked, hasExpired };
}

/** The cookie itself is out of reach of scripts; this is only what the page shows of it. */
function recalled(): Access {
  try {
    const { who, scope } = JSON.parse(browser.recall("access") ?? "null") ?? NOBODY;
    return typeof who === "string" && typeof scope === "string" ? { who, scope } : NOBODY;
  } catch {
    return NOBODY;
  }
}
