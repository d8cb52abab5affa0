/** The safe idle: nothing is opened or switched on; the own API tells why and takes what mends it. */
import { pause } from "#hal/clock.ts";
import type { ManagementPlane } from "../api/management-plane.ts";
import type { UpdateDesk } from "../update/update-desk.ts";
import type { CommandContext } from "./run-context.ts";

export interface IdleParts {
  readonly context: CommandContext;
  readonly management: ManagementPlane;
  readonly reason: string;
  readonly life: AbortController;
  /** Null: there is no updater. */
  readonly desk: UpdateDesk | null;
}

/** Until the stop. @throws KumpelError `PORT_IN_USE`. */
export async function idleUntilStopped({ context, management, reason, life, desk }: IdleParts): Promise<void> {
  const { signal } = life;
  const token = await management.open();
  if (token !== null) context.stderr(`kumpel: token for the own API, shown this once: ${token}\n`);
  context.stderr(`kumpel: hashboards stay off: ${reason}\n`);
  const publish = async (): Promise<void> => {
    do {
      desk?.look({ snapshot: null, isPausedByOwner: false, isManagementAnswering: management.isAnswering });
      management.publishLog();
    } while (await pause(context.clock, 1_000, signal));
  };
  const end = (): void => life.abort();
  await Promise.all([management.run(signal).finally(end), publish()]);
}
