/** The firmware's answer where it was asked: accepted or refused, why, and from when on it counts. */
import type { CommandAnswer } from "../model/api-types.ts";

export function AnswerLine({ answer }: { readonly answer: CommandAnswer | null }) {
  return (
    <p role="status" class="answer">
      {answer !== null && (
        <span class={answer.ok ? "good" : "bad"} data-testid="answer">
          {answer.ok ? "Accepted: " : "Refused: "}
          {answer.message.replace(/^Refused: /, "")}
          {answer.ok && answer.effect === "afterRestart" && !/restart/i.test(answer.message) && " After a restart."}
        </span>
      )}
    </p>
  );
}
