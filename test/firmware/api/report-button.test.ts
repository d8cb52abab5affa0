import { expect, test } from "vitest";
import { RELEASED, stepButton } from "#firmware/api/report-button.ts";

function reports(looks: string): string {
  let state = RELEASED;
  return [...looks]
    .map((look) => {
      const step = stepButton(state, look === "x");
      state = step.state;
      return step.isReportDue ? "R" : ".";
    })
    .join("");
}

test("a press is one report, however long; a spike is none", () => {
  expect(reports("..x..xxxxx..xx.")).toBe("......R......R.");
});
