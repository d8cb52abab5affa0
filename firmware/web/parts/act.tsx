/** A button that orders something and shows what came of it. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Command, Given } from "../model/api-types.ts";
import { type Question, useKit } from "../model/context.ts";
import { AnswerLine } from "./answer-line.tsx";

export interface ActProps {
  readonly children: ComponentChildren;
  readonly command: Command | (() => Command | null);
  /** Where it stops hashing, raises power or loses data; null from the function: this time it does not. */
  readonly question?: Question | (() => Question | null | Promise<Question | null>);
  readonly onDone?: (answer: Given) => void;
  readonly isGrave?: boolean;
  readonly isOff?: boolean;
}

export interface Ordering {
  readonly answer: Given | null;
  readonly isBusy: boolean;
  readonly order: (act: () => Promise<Given> | Given, question: Question | null) => Promise<Given | null>;
}

/** Asks, orders, keeps the answer; null: the owner did not want it. */
export function useOrdering(): Ordering {
  const { ask } = useKit();
  const [answer, setAnswer] = useState<Given | null>(null);
  const [isBusy, setBusy] = useState(false);
  return {
    answer,
    isBusy,
    order: async (act, question) => {
      setAnswer(null);
      if (question !== null && !(await ask(question))) return null;
      setBusy(true);
      const given = await act();
      setBusy(false);
      setAnswer(given);
      return given;
    },
  };
}

export function Act({ children, command, question, onDone, isGrave = false, isOff = false }: ActProps) {
  const { client } = useKit();
  const { answer, isBusy, order } = useOrdering();
  const run = async (): Promise<void> => {
    const wanted = typeof command === "function" ? command() : command;
    if (wanted === null) return;
    const asked = typeof question === "function" ? await question() : (question ?? null);
    const given = await order(() => client.order(wanted), asked);
    if (given !== null) onDone?.(given);
  };
  return (
    <div class="act">
      <button type="button" class={isGrave ? "grave" : ""} disabled={isBusy || isOff} onClick={() => void run()}>
        {children}
      </button>
      <AnswerLine answer={answer} />
    </div>
  );
}
