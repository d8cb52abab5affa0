/** The whole page: who is signed in, which page is open, and what is true of all of them. */
import { useEffect, useRef, useState } from "preact/hooks";
import { KitContext } from "./model/context.ts";
import { createParts } from "./model/kit.ts";
import type { Page } from "./model/page.ts";
import { useStore } from "./model/store.ts";
import { LoginPage } from "./pages/login-page.tsx";
import { ConfirmDialog } from "./parts/confirm-dialog.tsx";
import { ConnectionNotice } from "./parts/connection-notice.tsx";
import { Header } from "./parts/header.tsx";
import { PageBody } from "./parts/page-body.tsx";

const PAGES: readonly Page[] = [
  { id: "dashboard", title: "Dashboard" },
  { id: "boards", title: "Boards" },
  { id: "pools", title: "Pools" },
  { id: "cooling", title: "Cooling and power" },
  { id: "history", title: "History" },
  { id: "incidents", title: "Incidents and logs" },
  { id: "trace", title: "Trace" },
  { id: "system", title: "System" },
  { id: "first-run", title: "First run", isHidden: true },
];

const parts = createParts();
// The board is asked while the page is still being drawn.
parts.kit.live.start();

function pageOfAddress(): Page {
  const id = location.hash.slice(1);
  return PAGES.find((page) => page.id === id) ?? PAGES[0]!;
}

export function App() {
  const { phase } = useStore(parts.kit.live.state);
  const hasExpired = useStore(parts.hasExpired);
  const [page, setPage] = useState(pageOfAddress);
  useEffect(() => {
    const turn = (): void => {
      // What was asked belongs to the page that is left.
      parts.asked.value?.answer(false);
      setPage(pageOfAddress());
    };
    // Turned pages keep what was typed; a page that is closed or loaded anew cannot, so the browser asks.
    const leave = (event: Event): void => {
      if (!parts.kit.drafts.isEmpty) event.preventDefault();
    };
    addEventListener("hashchange", turn);
    addEventListener("beforeunload", leave);
    return () => {
      removeEventListener("hashchange", turn);
      removeEventListener("beforeunload", leave);
    };
  }, []);
  return (
    <KitContext.Provider value={parts.kit}>
      {phase === "connecting" && <p class="boot">Asking the miner ...</p>}
      {phase === "signedOut" && <LoginPage hasExpired={hasExpired} />}
      {phase !== "connecting" && phase !== "signedOut" && <Frame page={page} />}
      <ConfirmDialog asked={parts.asked} />
    </KitContext.Provider>
  );
}

function Frame({ page }: { readonly page: Page }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const isFirst = useRef(true);
  useEffect(() => {
    document.title = `${page.title} - Kumpel`;
    // Who turns a page by keyboard or screen reader goes on from its title.
    if (!isFirst.current) heading.current?.focus();
    isFirst.current = false;
  }, [page]);
  return (
    <>
      <Header pages={PAGES.filter(({ isHidden }) => isHidden !== true)} current={page.id} />
      <ConnectionNotice />
      <main id="main">
        <h1 ref={heading} tabIndex={-1}>
          {page.title}
        </h1>
        <PageBody page={page} />
      </main>
    </>
  );
}
