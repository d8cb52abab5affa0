/** All pages but the first, as one piece that is loaded after it: whoever opens the page sees the dashboard sooner. */
import type { ComponentType } from "preact";
import type { LatePageId } from "../model/page.ts";
import { BoardsPage } from "./boards-page.tsx";
import { CoolingPage } from "./cooling-page.tsx";
import { FirstRunPage } from "./first-run-page.tsx";
import { HistoryPage } from "./history-page.tsx";
import { IncidentsPage } from "./incidents-page.tsx";
import { PoolsPage } from "./pools-page.tsx";
import { SystemPage } from "./system-page.tsx";
import { TracePage } from "./trace-page.tsx";

export const MORE_PAGES: Readonly<Record<LatePageId, ComponentType>> = {
  boards: BoardsPage,
  pools: PoolsPage,
  cooling: CoolingPage,
  history: HistoryPage,
  incidents: IncidentsPage,
  trace: TracePage,
  system: SystemPage,
  "first-run": FirstRunPage,
};
