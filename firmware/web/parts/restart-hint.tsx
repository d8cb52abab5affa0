/** The way on where something counts after a restart only. */
import { Act } from "./act.tsx";

export const RESTART_QUESTION = {
  title: "Restart the miner?",
  text: "Hashboards go off, settings are read anew, and it starts again: about half a minute without hashing. This page comes back by itself.",
  act: "Restart",
} as const;

export function RestartHint() {
  return (
    <Act command={{ kind: "restart" }} question={RESTART_QUESTION}>
      Restart now ...
    </Act>
  );
}
