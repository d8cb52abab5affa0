/** The firmware's answer where it was asked: accepted or refused, why, and from when on it counts. */
import type { Given } from "../model/api-types.ts";

export function AnswerLine({ answer }: { readonly answer: Given | null }) {
  // Without an answer nobody knows: to call that a refusal could make somebody order it twice.
  const isLost = answer !== null && "status" in answer && answer.status === 0;
  return (
    <p role="status" class="answer">
      {answer !== null && (
        <span class={answer.ok ? "good" : isLost ? "warn" : "bad"} data-testid="answer">
          {answer.ok ? "Accepted: " : isLost ? "Not known whether it was done: " : "Refused: "}
          {answer.message.replace(/^Refused: /, "")}
          {answer.ok && answer.effect === "afterRestart" && !/restart/i.test(answer.message) && " After a restart."}
        </span>
      )}
    </p>
  );
}
