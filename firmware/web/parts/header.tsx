/** Name of the machine, the menu, who is signed in. */
import { useKit, useSnapshot } from "../model/context.ts";
import type { Page } from "../model/page.ts";
import { useStore } from "../model/store.ts";
import { ThemeSwitch } from "./theme-switch.tsx";

export function Header({ pages, current }: { readonly pages: readonly Page[]; readonly current: string }) {
  const snapshot = useSnapshot();
  const { access, signOut } = useKit();
  const { who, scope } = useStore(access);
  return (
    <header class="top">
      <button type="button" class="skip" onClick={skip}>
        Skip to the page
      </button>
      <div class="top-row">
        <p class="brand">
          Kumpel <span class="quiet">{snapshot === null ? "" : `${snapshot.machine} on ${snapshot.controlBoard}`}</span>
        </p>
        <div class="top-tools">
          <ThemeSwitch />
          {who !== null && (
            <span class="quiet">
              {who} ({scope})
            </span>
          )}
          <button type="button" class="plain" onClick={() => void signOut()}>
            {who === null ? "Sign in" : "Sign out"}
          </button>
        </div>
      </div>
      <nav aria-label="Pages">
        <ul>
          {pages.map(({ id, title }) => (
            <li key={id}>
              <a href={`#${id}`} aria-current={id === current ? "page" : undefined}>
                {title}
              </a>
            </li>
          ))}
        </ul>
      </nav>
    </header>
  );
}

function skip(): void {
  document.querySelector<HTMLElement>("main h1")?.focus();
}
