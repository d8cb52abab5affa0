/** The way to the first run, while there is no pool of the owner's. */
import { useSettings, useSnapshot } from "../model/context.ts";

export function SetUpHint() {
  const snapshot = useSnapshot();
  const { data } = useSettings();
  const groups = data?.settings["pool_groups"];
  if (!Array.isArray(groups) || groups.length > 0) return null;
  return (
    <p class="notice calm">
      {snapshot?.emulationLabel == null ? "No pool is set yet." : "This demo mines for a pool of its own."}{" "}
      <a href="#first-run">Four steps to a pool of yours</a>
    </p>
  );
}
