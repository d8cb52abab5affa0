/** What a page shows. The dashboard is there at once; the others come as one piece, at the latest when one is opened. */
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { browser } from "../browser.ts";
import type { LatePageId, Page } from "../model/page.ts";
import { DashboardPage } from "../pages/dashboard-page.tsx";

type MorePages = Readonly<Record<LatePageId, ComponentType>>;

/** Long after the first figures: it must not be in their way. */
const FETCH_AFTER_MS = 3_000;

export function PageBody({ page: { id } }: { readonly page: Page }) {
  const [pages, setPages] = useState<MorePages | null>(null);
  const [isFailed, setFailed] = useState(false);
  const isNeeded = id !== "dashboard";
  useEffect(() => {
    if (pages !== null) return;
    const load = async (): Promise<void> => {
      try {
        const { MORE_PAGES } = await import("../pages/more-pages.ts");
        setPages(MORE_PAGES);
      } catch {
        setFailed(true);
      }
    };
    if (isNeeded) {
      void load();
      return;
    }
    return browser.after(FETCH_AFTER_MS, () => void load());
  }, [isNeeded, pages]);
  if (id === "dashboard") return <DashboardPage />;
  if (pages !== null) {
    const Body = pages[id];
    return <Body />;
  }
  if (!isFailed) return <p class="quiet">Loading ...</p>;
  return (
    <p class="notice bad" role="alert">
      This page could not be loaded: the connection was lost, or the firmware is another one by now.{" "}
      <button type="button" onClick={() => location.reload()}>
        Load again
      </button>
    </p>
  );
}
