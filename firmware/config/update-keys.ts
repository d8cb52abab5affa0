/** Settings of updates. */
import { number, table } from "./keys.ts";

export const update = table("Updates of the firmware.", {
  prove_minutes: number(3, 240, {
    title: "Time to prove itself",
    description:
      "A new version has so long after its boot to show that it mines, regulates and answers; else the board goes back.",
    unit: "min",
    needsRestart: false,
  }).default(15),
});
