/** What need not be there with the first picture: drawn when that is on the screen. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { browser } from "../browser.ts";

export function Later({ children }: { readonly children: ComponentChildren }) {
  const [isDue, setDue] = useState(false);
  useEffect(() => browser.afterPaint(() => setDue(true)), []);
  return isDue ? children : null;
}
