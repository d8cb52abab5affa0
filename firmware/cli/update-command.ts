/** `kumpel update`: where an update stands, a bundle to install, and the way back, for who sits at the machine. */
import { parseArgs } from "node:util";
import { type Clock, sleep } from "#hal/clock.ts";
import { isKumpelError } from "#hal/errors.ts";
import { type ConsoleClient, consoleClient } from "../console/client.ts";
import { type BundleFile, uploadBundle } from "../console/upload.ts";
import { type UpdateStatus, updateStatusSchema } from "../update/update-status.ts";
import { runningSocket } from "./running-socket.ts";
import { argumentsError, EXIT, usageError } from "./usage.ts";

export const UPDATE_HELP = `kumpel update ACTION [--data DIR] [--json]: updates of the firmware that runs here.

  status                 where an update stands, and whether one may begin
  install FILE [--force] installs a signed bundle (.raucb) and boots it; --force takes a lower version, too
  back                   boots the version in the other slot

  --data DIR             folder of the running firmware (default: the only one that answers here)
  --json                 status as JSON, as GET /api/v1/update gives it

A new version has to prove itself within update.prove_minutes of its boot, or the board goes back by itself.
`;

const LOOK_MS = 1_000;

export interface UpdateCommandContext {
  readonly clock: Clock;
  readonly findSockets: () => Promise<string[]>;
  /** @throws KumpelError `USAGE` where it cannot be read. */
  readonly openBundle: (file: string) => Promise<BundleFile>;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
}

/** @throws KumpelError `USAGE`, `CONSOLE_LOST`, `CONSOLE_REFUSED`. */
export async function updateCommand(args: readonly string[], context: UpdateCommandContext): Promise<number> {
  const { values, positionals } = parseOrExplain(args);
  const [action, file, ...more] = positionals;
  if (values.help === true) {
    context.stdout(UPDATE_HELP);
    return EXIT.done;
  }
  const isInstall = action === "install";
  if ((action !== "status" && action !== "back" && !isInstall) || isInstall !== (file !== undefined) || more.length > 0)
    throw usageError("Say kumpel update status, kumpel update install FILE or kumpel update back; see --help.");
  if (values.force === true && !isInstall) throw usageError("--force belongs to kumpel update install FILE.");
  const bundle = file === undefined ? null : await context.openBundle(file);
  const socket = await runningSocket(values.data, context.findSockets);
  const client = consoleClient(socket);
  if (bundle !== null) return install(client, socket, bundle, values.force === true, context);
  if (action === "back") {
    const { ok, message } = await client.order({ kind: "goBack" });
    (ok ? context.stdout : context.stderr)(`${message}\n`);
    return ok ? EXIT.done : EXIT.failed;
  }
  const status = await client.get("/update", updateStatusSchema);
  context.stdout(values.json === true ? `${JSON.stringify(status)}\n` : statusText(status));
  return EXIT.done;
}

async function install(
  client: ConsoleClient,
  socket: string,
  bundle: BundleFile,
  isForced: boolean,
  { clock, stdout, stderr }: UpdateCommandContext,
): Promise<number> {
  const { ok, message } = await uploadBundle(socket, bundle, isForced);
  stderr(`${message}\n`);
  if (!ok) return EXIT.failed;
  let told: number | null = null;
  for (;;) {
    const status = await statusOrGone(client);
    // The program ends with everything off before the board boots.
    if (status === null || status.state === "pendingReboot") {
      stdout(`${status?.message ?? "The board boots the new version."}\n`);
      return EXIT.done;
    }
    if (status.state !== "verifying" && status.state !== "installing") {
      stderr(`${status.message}\n`);
      return EXIT.failed;
    }
    if (status.progressPercent !== told) stderr(`${status.progressPercent ?? 0} %\n`);
    told = status.progressPercent;
    await sleep(clock, LOOK_MS);
  }
}

async function statusOrGone(client: ConsoleClient): Promise<UpdateStatus | null> {
  try {
    return await client.get("/update", updateStatusSchema);
  } catch (error) {
    if (isKumpelError(error, "CONSOLE_LOST")) return null;
    throw error;
  }
}

function statusText(status: UpdateStatus): string {
  const { state, message, slot, reason, canGoBack, progressPercent } = status;
  const lines = [
    `state        ${state}${progressPercent === null ? "" : ` (${progressPercent} %)`}`,
    `slot         ${slot ?? "unknown"}`,
    ...(message === "" ? [] : [`what         ${message}`]),
    `may update   ${reason === null ? "yes" : `no: ${reason}`}`,
    `may go back  ${canGoBack ? "yes" : "no"}`,
  ];
  return `${lines.join("\n")}\n`;
}

function parseOrExplain(args: readonly string[]) {
  try {
    const options = {
      help: { type: "boolean" },
      json: { type: "boolean" },
      force: { type: "boolean" },
      data: { type: "string" },
    } as const;
    return parseArgs({ args: [...args], allowPositionals: true, options });
  } catch (error) {
    throw argumentsError(error, "kumpel update");
  }
}
