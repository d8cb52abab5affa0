/** A reading with its name and unit. One that nobody knows says so, and why. */
import type { ComponentChildren } from "preact";
import { UNKNOWN } from "../model/format.ts";

export interface ValueProps {
  readonly name: string;
  /** As text with its unit, or null: unknown. */
  readonly text: string | null;
  /** Why it is not known. */
  readonly reason?: string;
  readonly note?: ComponentChildren;
  readonly tone?: "good" | "warn" | "bad" | undefined;
  readonly isBig?: boolean;
}

export function Values({ children }: { readonly children: ComponentChildren }) {
  return <dl class="values">{children}</dl>;
}

export function Value({ name, text, reason, note, tone, isBig = false }: ValueProps) {
  const isKnown = text !== null && text !== UNKNOWN;
  return (
    <div class={isBig ? "value big" : "value"}>
      <dt>{name}</dt>
      <dd class={tone ?? ""}>
        {isKnown ? text : <Unknown reason={reason} />}
        {note !== undefined && <span class="quiet note"> {note}</span>}
      </dd>
    </div>
  );
}

export function Unknown({ reason }: { readonly reason?: string | undefined }) {
  return (
    <span class="unknown">
      {UNKNOWN}
      {reason !== undefined && <span class="quiet note"> {reason}</span>}
    </span>
  );
}
