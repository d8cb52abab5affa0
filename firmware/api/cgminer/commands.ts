/**
 * Every command of the socket API in one table: who may say it, whether it joins with others, and what it answers. What
 * this machine cannot do is here too, and says so with an error: a manager that hears "done" stops asking.
 */
import { listedPools } from "../listed-pools.ts";
import type { FaceView } from "../machine-facts.ts";
import { chartReport, poolsReport, type Report, statsReport, summaryReport, warningReport } from "../stock/reports.ts";
import {
  coinRow,
  configRow,
  deviceDetailRows,
  deviceRow,
  deviceRows,
  isChainEnabled,
  lcdRow,
  notifyRows,
} from "./device-tables.ts";
import { failed, type Outcome, plan, REFUSED } from "./outcome.ts";
import { addPool, disablePool, enablePool, orderPools, removePool, switchPool } from "./pool-commands.ts";
import { type Reply, type Row, reply, section } from "./reply.ts";
import { poolRows, statsRows, summaryRow, versionRow } from "./tables.ts";

export interface CommandContext {
  readonly view: FaceView;
  readonly parameter: string | null;
  /** May the client say this command? For `check`. */
  readonly mayUse: (command: string) => boolean;
}

export interface SocketCommand {
  readonly name: string;
  readonly isPrivileged: boolean;
  readonly isJoinable: boolean;
  readonly changesPools?: boolean;
  readonly run: (context: CommandContext) => Outcome;
}

function report(name: string, run: (view: FaceView) => Reply): SocketCommand {
  return { name, isPrivileged: false, isJoinable: true, run: ({ view }) => run(view) };
}

function order(name: string, run: (context: CommandContext) => Outcome): SocketCommand {
  return { name, isPrivileged: true, isJoinable: false, run };
}

function poolOrder(name: string, run: (context: CommandContext) => Outcome): SocketCommand {
  return { ...order(name, run), changesPools: true };
}

function cannot(name: string, why: string): SocketCommand {
  return order(name, () => failed(REFUSED, `${name}: ${why}`));
}

function one(code: number, message: string, name: string, row: Row): Reply {
  return reply("S", code, message, section(name, [row]));
}

function devices(view: FaceView): Reply {
  const rows = deviceRows(view);
  if (rows.length === 0) return reply("E", 10, "No ASCs");
  return reply("S", 9, `${rows.length} ASC(s)`, section("DEVS", rows, true));
}

function pools(view: FaceView): Reply {
  if (listedPools(view).length === 0) return reply("E", 8, "No pools");
  const rows = poolRows(view);
  return reply("S", 7, `${rows.length} Pool(s)`, section("POOLS", rows, true));
}

function stats(view: FaceView): Reply {
  return reply("S", 70, "BMMiner stats", section("STATS", statsRows(view), true));
}

/** Position of the chain that the parameter names, or the reply that says why there is none. */
function chainOf({ view, parameter }: CommandContext): number | Reply {
  if (parameter === null) return reply("E", 15, "Missing device id parameter");
  const { length } = view.snapshot.chains;
  const index = /^\d{1,4}$/.test(parameter) ? Number(parameter) : -1;
  return index >= 0 && index < length
    ? index
    : reply("E", 107, `Invalid ASC id ${parameter} - range is 0 - ${length - 1}`);
}

function device(context: CommandContext): Reply {
  const index = chainOf(context);
  if (typeof index !== "number") return index;
  const chain = context.view.snapshot.chains[index]!;
  return reply("S", 106, `ASC${index}`, section("ASC", [deviceRow(context.view, chain, index)], true));
}

function enableDevice(context: CommandContext): Outcome {
  const index = chainOf(context);
  if (typeof index !== "number") return index;
  const chain = context.view.snapshot.chains[index]!;
  if (isChainEnabled(chain)) return reply("I", 108, `ASC ${index} already enabled`);
  return plan({ kind: "restartChain", chainIndex: chain.index }, reply("S", 110, `ASC ${index} enable`));
}

function disableDevice(context: CommandContext): Outcome {
  const index = chainOf(context);
  if (typeof index !== "number") return index;
  if (!isChainEnabled(context.view.snapshot.chains[index]!)) return reply("I", 109, `ASC ${index} already disabled`);
  return failed(REFUSED, "ascdisable: a single chain cannot be switched off here");
}

function setDevice(context: CommandContext): Outcome {
  const index = chainOf({ ...context, parameter: context.parameter?.split(",")[0] ?? null });
  return typeof index === "number" ? reply("E", 112, `ASC ${index} does not support ascset`) : index;
}

function check({ parameter, mayUse }: CommandContext): Reply {
  if (parameter === null) return reply("E", 71, "Missing check cmd");
  const name = parameter.toLowerCase();
  const exists = COMMANDS.has(name);
  const row: Row = [
    ["Exists", exists ? "Y" : "N"],
    ["Access", exists && mayUse(name) ? "Y" : "N"],
  ];
  return one(72, "Check command", "CHECK", row);
}

const TABLE: readonly SocketCommand[] = [
  report("version", (view) => one(22, "BMMiner versions", "VERSION", versionRow(view))),
  report("summary", (view) => one(11, "Summary", "SUMMARY", summaryRow(view))),
  report("stats", stats),
  report("estats", stats),
  report("devs", devices),
  report("edevs", devices),
  report("pools", pools),
  report("config", (view) => one(33, "BMMiner config", "CONFIG", configRow(view))),
  report("coin", (view) => one(78, "BMMiner coin", "COIN", coinRow(view))),
  report("lcd", (view) => one(125, "LCD", "LCD", lcdRow(view))),
  report("devdetails", (view) => reply("S", 69, "Device Details", section("DEVDETAILS", deviceDetailRows(view), true))),
  report("notify", (view) => reply("S", 60, "Notify", section("NOTIFY", notifyRows(view), true))),
  report("asccount", ({ snapshot }) => one(104, "ASC count", "ASCS", [["Count", snapshot.chains.length]])),
  report("pgacount", () => one(59, "PGA count", "PGAS", [["Count", 0]])),
  { name: "asc", isPrivileged: false, isJoinable: false, run: device },
  { name: "check", isPrivileged: false, isJoinable: false, run: check },
  order("privileged", () => reply("S", 46, "Privileged access OK")),
  poolOrder("switchpool", switchPool),
  order("enablepool", enablePool),
  order("disablepool", disablePool),
  poolOrder("removepool", removePool),
  poolOrder("addpool", addPool),
  poolOrder("poolpriority", orderPools),
  cannot("poolquota", "quotas belong to pool groups, which the settings hold"),
  order("ascenable", enableDevice),
  order("ascdisable", disableDevice),
  order("ascset", setDevice),
  cannot("save", "nothing to save, every change is written when it is made"),
  cannot("zero", "counters are those of the run and cannot be set to zero"),
  cannot("setconfig", "this miner has no such settings"),
  order("restart", () => plan({ kind: "restart" }, "RESTART")),
  cannot("quit", "the system would start the program again at once; pause it or cut the power"),
];

export const COMMANDS: ReadonlyMap<string, SocketCommand> = new Map(TABLE.map((entry) => [entry.name, entry]));

/** What the stock extension answers with: reports of the web pages instead of tables. */
export const NEW_API_REPORTS: ReadonlyMap<string, (view: FaceView) => Report> = new Map([
  ["stats", statsReport],
  ["summary", summaryReport],
  ["pools", poolsReport],
  ["rate", chartReport],
  ["warning", warningReport],
]);
