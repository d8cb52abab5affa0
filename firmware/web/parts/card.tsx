/** A framed part of a page with its heading. */
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

export interface CardProps {
  readonly title: string;
  readonly children: ComponentChildren;
  readonly isWide?: boolean;
  readonly testId?: string;
}

export function Card({ title, children, isWide = false, testId }: CardProps) {
  const id = useId();
  return (
    <section class={isWide ? "card wide" : "card"} aria-labelledby={id} data-testid={testId}>
      <h2 id={id}>{title}</h2>
      {children}
    </section>
  );
}
