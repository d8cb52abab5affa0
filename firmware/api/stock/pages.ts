/**
 * Every page below `/cgi-bin/`: which methods it takes and what it answers. Shapes and codes from public notes on the
 * clients; what this machine cannot do answers with a failure code and says so.
 */
import { orderAll } from "../face-orders.ts";
import { ask, compileTime, macText, marketingName } from "../machine-facts.ts";
import { changeConf, flag, minerConf } from "./miner-conf.ts";
import { isAsItIs, netTypeText, networkInfo, parseNetwork } from "./network-conf.ts";
import { changePassword } from "./password-page.ts";
import { chartReport, poolsReport, statsReport, summaryReport, warningReport } from "./reports.ts";
import { bodyObject, codePage, jsonPage, type Page, textPage } from "./web-types.ts";

const systemInfo: Page = ({ view, request }) => {
  const { facts, snapshot } = view;
  return jsonPage({
    minertype: marketingName(snapshot.machine),
    nettype: netTypeText(facts),
    netdevice: facts.netDevice ?? "eth0",
    macaddr: macText(facts),
    hostname: facts.hostname ?? "",
    ipaddress: facts.ipAddress ?? request.localAddress,
    netmask: facts.netmask ?? "",
    gateway: facts.gateway ?? "",
    dnsservers: (facts.dnsServers ?? []).join(","),
    system_mode: "GNU/Linux",
    system_kernel_version: facts.kernelVersion ?? "",
    system_filesystem_version: `kumpel ${facts.version}`,
    firmware_type: "Release",
    Algorithm: "sha256d",
    serinum: facts.serialNumber ?? "",
  });
};

const minerType: Page = ({ view }) =>
  jsonPage({
    miner_type: marketingName(view.snapshot.machine),
    subtype: view.snapshot.controlBoard,
    fw_version: `kumpel ${view.facts.version}`,
    build_time: compileTime(view.facts),
  });

const blinkStatus: Page = ({ view, memory }) => jsonPage({ blink: view.facts.isLocating ?? memory.isLocating });

const blink: Page = async ({ parts, request, memory, who }) => {
  const isOn = flag(bodyObject(request.body)?.["blink"]);
  if (typeof isOn !== "boolean") return codePage(false, "B001", "blink must be true or false");
  const taken = await ask(parts, { kind: "locate", isOn }, who);
  if (!taken.ok) return codePage(false, "B001", taken.message);
  memory.isLocating = isOn;
  return codePage(true, isOn ? "B000" : "B100", "OK!");
};

const setMinerConf: Page = async ({ parts, view, request, memory, who }) => {
  const body = bodyObject(request.body);
  if (body === null) return codePage(false, "M001", "the body is no JSON object");
  const change = changeConf(view, memory.conf, body);
  if (!change.ok) return codePage(false, "M001", change.message);
  const taken = await orderAll(parts, change.orders, who);
  if (!taken.ok) return codePage(false, "M001", taken.message);
  memory.conf = change.memory;
  return codePage(true, "M000", "OK!");
};

/** Ours, after stock's codes: the request is right and the machine cannot. */
const NETWORK_FIXED = "N006";
const NOT_IMPLEMENTED = 501;

const setNetworkConf: Page = async ({ parts, view, request, who }) => {
  const body = bodyObject(request.body);
  if (body === null) return codePage(false, NETWORK_FIXED, "the body is no JSON object");
  const parsed = parseNetwork(body);
  if (!parsed.ok) return codePage(false, parsed.code, parsed.message);
  if (isAsItIs(parsed.settings, view)) return codePage(true, "N000", "OK!");
  if (parts.setNetwork === null) {
    const why = "network settings belong to the system here and cannot be changed";
    // The largest manager takes every 2xx for done and does not read on.
    return { ...codePage(false, NETWORK_FIXED, why), status: NOT_IMPLEMENTED };
  }
  const taken = await parts.setNetwork(parsed.settings, who).catch(() => null);
  return taken?.ok === true
    ? codePage(true, "N000", "OK!")
    : codePage(false, NETWORK_FIXED, taken?.message ?? "the network settings could not be written");
};

/** Clients expect text and take JSON; one of them parses it. */
const reboot: Page = async ({ parts, who }) => {
  const taken = await ask(parts, { kind: "restart" }, who);
  return codePage(taken.ok, taken.ok ? "R000" : "R001", taken.ok ? "restarting" : taken.message);
};

const resetConf: Page = async ({ parts, who }) => {
  const taken = await ask(parts, { kind: "factoryReset" }, who);
  return codePage(taken.ok, taken.ok ? "R000" : "R001", taken.ok ? "reset to defaults, restarting" : taken.message);
};

/** Of an image that nobody takes: one that is thrown away must not look installed. */
const upgrade: Page = () => codePage(false, "U001", "no image came, or none is taken here; nothing was changed");

const log: Page = ({ parts }) => textPage(parts.logText?.() ?? "no log is kept on this machine\n");

const noBackup: Page = () => codePage(false, "L001", "log backups are not made here; see log.cgi");

export interface PageEntry {
  readonly methods: readonly string[];
  readonly page: Page;
  /** A GET of it changes the machine. */
  readonly actsOnGet?: true;
  /** The body may be an image of the size of the memory: it goes on as it comes. keeps: so do the settings. */
  readonly upload?: "keeps" | "clears";
}

const GET = ["GET", "HEAD"];
const BOTH = ["GET", "POST"];

function get(page: Page): PageEntry {
  return { methods: GET, page };
}

function post(page: Page): PageEntry {
  return { methods: ["POST"], page };
}

export const PAGES: ReadonlyMap<string, PageEntry> = new Map([
  ["miner_type", get(minerType)],
  ["get_system_info", get(systemInfo)],
  ["summary", get(({ view }) => jsonPage(summaryReport(view)))],
  ["stats", get(({ view }) => jsonPage(statsReport(view)))],
  ["pools", get(({ view }) => jsonPage(poolsReport(view)))],
  ["chart", get(({ view }) => jsonPage(chartReport(view)))],
  ["warning", get(({ view }) => jsonPage(warningReport(view)))],
  ["get_miner_conf", get(({ view, memory }) => jsonPage(minerConf(view, memory.conf)))],
  ["get_network_info", get(({ view, request }) => jsonPage(networkInfo(view, request.localAddress)))],
  ["get_blink_status", get(blinkStatus)],
  // The hashrate cannot be set in percent here: both ends of its range are all of it.
  ["get_adjustment_params", get(() => jsonPage({ hashrate_percent_min: "100", hashrate_percent_max: "100" }))],
  ["log", get(log)],
  ["hlog", get(log)],
  ["get_kernel_log", get(log)],
  ["dlog", get(() => jsonPage({ dlog: "", log_list: [] }))],
  ["create_log_backup", post(noBackup)],
  ["set_miner_conf", post(setMinerConf)],
  ["set_network_conf", post(setNetworkConf)],
  ["blink", post(blink)],
  ["passwd", post(changePassword)],
  ["reboot", { methods: BOTH, page: reboot, actsOnGet: true }],
  ["reset_conf", { methods: BOTH, page: resetConf, actsOnGet: true }],
  ["upgrade", { methods: ["POST"], page: upgrade, upload: "keeps" }],
  ["upgrade_clear", { methods: ["POST"], page: upgrade, upload: "clears" }],
]);

const CGI = /^\/cgi-bin\/(\w{1,40})\.cgi$/;

export function pageAt(target: string): PageEntry | undefined {
  return PAGES.get(CGI.exec(target.split("?")[0] ?? "")?.[1] ?? "");
}
