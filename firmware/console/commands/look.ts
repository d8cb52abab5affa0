/** Commands that look and change nothing. */
import { z } from "zod";
import { healthSchema, poolSchema, snapshotSchema } from "../../api/http/schemas.ts";
import { queryAnswers } from "../../api/queries.ts";
import { incidentSchema } from "../../incidents/incident.ts";
import { chipGrid } from "../chip-grid.ts";
import { type ConsoleCommand, type ConsoleContext, type Outcome, placeOf, wholeOf, wordsProblem } from "../command.ts";
import { number, pairs, table, wrap } from "../table.ts";

export type ConsoleSnapshot = z.infer<typeof snapshotSchema>;

export function snapshotOf({ client }: ConsoleContext): Promise<ConsoleSnapshot> {
  return client.get("/snapshot", snapshotSchema);
}

const looked = (lines: readonly string[], data: unknown): Outcome => ({ lines, data, isDone: true });

export async function chainWords({ client }: ConsoleContext): Promise<string[]> {
  const { chains } = await client.get("/tuning", queryAnswers.tuning);
  return chains.map(({ chainIndex }) => String(chainIndex));
}

/** One chip out of a chain's. */
async function chipAt(context: ConsoleContext, word: string | undefined, command: ConsoleCommand) {
  const place = placeOf(word);
  if (place === null || place.chainIndex === null || place.chipIndex === null)
    throw wordsProblem(command, `"${word ?? ""}" is no chip`);
  const { chainIndex, chipIndex } = place;
  const chain = await context.client.get(`/chains/${chainIndex}/chips`, queryAnswers.chips);
  const chip = chain.chips[chipIndex];
  if (chip === undefined)
    throw wordsProblem(
      command,
      `chain ${chainIndex} has no chip ${chipIndex}: chips are 0 to ${chain.chips.length - 1}`,
    );
  return { chain, chip, chainIndex, chipIndex };
}

export function statusLinesOf(snapshot: ConsoleSnapshot, width: number): string[] {
  const { hashrate, pool, thermal } = snapshot;
  const entries: [string, string][] = [
    [
      "machine",
      `${snapshot.machine} on ${snapshot.controlBoard}${snapshot.emulationLabel === null ? "" : ` (${snapshot.emulationLabel})`}`,
    ],
    [
      "hashing",
      `${number(hashrate.recentMeasuredThs, 2)} TH/s now, ${number(hashrate.measuredThs, 2)} average, ${number(hashrate.expectedThs, 2)} expected`,
    ],
    ["pool", `${pool.url} ${pool.state}, ${pool.shares.accepted} accepted, ${pool.shares.rejected} rejected`],
    ["cooling", `${thermal.phase}: ${thermal.reason}; fans ${thermal.fanDutyPct} %`],
    ["power", snapshot.isPowerOn ? "hashboards on" : "hashboards off"],
  ];
  if (snapshot.pauseReason !== null) entries.push(["paused", snapshot.pauseReason]);
  if (snapshot.shutdownReason !== null) entries.push(["SHUT DOWN", snapshot.shutdownReason]);
  if (snapshot.whyRestarted !== null) entries.push(["last stop", snapshot.whyRestarted]);
  for (const alarm of snapshot.alarms) entries.push(["ALARM", alarm]);
  return pairs(entries, width);
}

const status: ConsoleCommand = {
  name: "status",
  usage: "",
  summary: "the machine in a few lines: hashrate (TH/s), pool, cooling, alarms",
  group: "look",
  json: snapshotSchema,
  run: async (_words, context) => {
    const snapshot = await snapshotOf(context);
    return looked(statusLinesOf(snapshot, context.screen.width()), snapshot);
  },
};

const chains: ConsoleCommand = {
  name: "chains",
  usage: "",
  summary: "each chain: state, chips, MHz, V, TH/s, temperatures (C), errors",
  group: "look",
  json: z.object({ chains: snapshotSchema.shape.chains }),
  run: async (_words, context) => {
    const { chains: rows } = await snapshotOf(context);
    const lines = table(
      [
        { title: "chain", cell: (c) => String(c.index) },
        { title: "state", cell: (c) => c.state },
        { title: "chips", cell: (c) => `${c.chips}/${c.chipsExpected}`, isNumber: true },
        { title: "MHz", cell: (c) => number(c.frequencyMhz, 2), isNumber: true },
        { title: "V", cell: (c) => number(c.voltageV, 2), isNumber: true },
        { title: "TH/s", cell: (c) => number(c.hashrate.recentMeasuredThs, 2), isNumber: true },
        { title: "expect", cell: (c) => number(c.hashrate.expectedThs, 2), isNumber: true },
        { title: "board C", cell: (c) => number(c.temperatureBoardMaxC, 1), isNumber: true },
        { title: "chip C", cell: (c) => number(c.temperatureChipMaxC, 1), isNumber: true },
        { title: "crc", cell: (c) => String(c.link.crcErrors), isNumber: true },
      ],
      rows,
      context.screen.width(),
    );
    const reasons = rows.filter(({ state }) => state !== "hashing").map((c) => `chain ${c.index}: ${c.reason}`);
    return looked([...lines, ...reasons.flatMap((text) => wrap(text, context.screen.width()))], { chains: rows });
  },
};

const chips: ConsoleCommand = {
  name: "chips",
  usage: "CHAIN [mhz|errors|nonces|temp]",
  summary: "all chips of a chain in a grid of its domains: MHz, errors (%), nonces (% of the mean) or C",
  group: "look",
  json: queryAnswers.chips,
  complete: async (words, context) => (words.length <= 1 ? chainWords(context) : ["mhz", "errors", "nonces", "temp"]),
  run: async ([word, what = "mhz"], context) => {
    const chainIndex = wholeOf(word, 0);
    if (chainIndex === null) throw wordsProblem(chips, `"${word ?? ""}" is no chain`);
    if (what !== "mhz" && what !== "errors" && what !== "nonces" && what !== "temp")
      throw wordsProblem(chips, `"${what}" cannot be shown`);
    const answer = await context.client.get(`/chains/${chainIndex}/chips`, queryAnswers.chips);
    return looked(chipGrid(answer, what, context.screen.width()), answer);
  },
};

const chip: ConsoleCommand = {
  name: "chip",
  usage: "CHAIN.CHIP",
  summary: "one chip: clock (MHz), temperature (C), nonces, errors (%)",
  group: "look",
  json: queryAnswers.chips.shape.chips.unwrap().element,
  run: async ([word], context) => {
    const { chip: found, chainIndex } = await chipAt(context, word, chip);
    const { nonces } = found;
    const lines = pairs(
      [
        ["chip", `${chainIndex}.${found.chipIndex}, domain ${found.domainIndex}`],
        ["clock", `${number(found.frequencyMhz, 2)} MHz now, ${number(found.wantedMhz, 2)} MHz wanted`],
        ["temperature", `${number(found.temperatureC, 1)} C`],
        [
          "nonces",
          `${nonces.good} good, ${nonces.hardwareErrors} hardware errors, ${nonces.duplicate} duplicate, ${nonces.stale} stale`,
        ],
        ["errors", `${number(found.errorPct, 2)} %`],
        ["against the chain", `${number(found.relativePct, 0)} % of the mean per MHz`],
      ],
      context.screen.width(),
    );
    return looked(lines, found);
  },
};

const sensors: ConsoleCommand = {
  name: "sensors",
  usage: "",
  summary: "each temperature sensor (C) and fan (rpm), and what is wrong with it",
  group: "look",
  json: queryAnswers.sensors,
  run: async (_words, context) => {
    const answer = await context.client.get("/sensors", queryAnswers.sensors);
    const width = context.screen.width();
    const temperatures = table(
      [
        { title: "sensor", cell: (s) => s.place },
        { title: "C", cell: (s) => number(s.temperatureC, 1), isNumber: true },
        { title: "age s", cell: (s) => number(s.ageMs === null ? null : s.ageMs / 1000, 1), isNumber: true },
        { title: "problem", cell: (s) => s.problem ?? "" },
      ],
      answer.sensors,
      width,
    );
    const fans = table(
      [
        { title: "fan", cell: (f) => String(f.fan) },
        { title: "rpm", cell: (f) => number(f.rpm), isNumber: true },
        { title: "problem", cell: (f) => (f.isStopped ? "stands still" : "") },
      ],
      answer.fans,
      width,
    );
    return looked([...temperatures, "", ...fans], answer);
  },
};

const pools: ConsoleCommand = {
  name: "pools",
  usage: "",
  summary: "each pool: state, difficulty, shares, and why it works or does not",
  group: "look",
  json: z.object({ pools: z.array(poolSchema) }),
  run: async (_words, context) => {
    const answer = await context.client.get("/pools", z.object({ pools: z.array(poolSchema) }));
    const width = context.screen.width();
    const lines = answer.pools.flatMap((pool, i) => [
      ...pairs(
        [
          [`${pool.isWorking ? "*" : " "}${i}`, `${pool.url} as ${pool.user}`],
          ["", `${pool.state}: ${pool.reason || pool.lastNotice || "nothing to say"}`],
          [
            "",
            `${pool.shares.accepted} accepted, ${pool.shares.rejected} rejected, ${pool.shares.stale} stale, ${pool.shares.lost} lost, difficulty ${number(pool.difficulty)}`,
          ],
        ],
        width,
      ),
    ]);
    return looked(lines, answer);
  },
};

const why: ConsoleCommand = {
  name: "why",
  usage: "[COUNT]",
  summary: "the last decisions with their reasons, newest last (1 to 64, else 10)",
  group: "look",
  json: queryAnswers.decisions,
  run: async ([word], context) => {
    const count = word === undefined ? 10 : wholeOf(word, 1, 64);
    if (count === null) throw wordsProblem(why, `"${word ?? ""}" is no count of 1 to 64`);
    const { decisions } = await context.client.get("/decisions", queryAnswers.decisions);
    const shown = decisions.slice(-count);
    const width = context.screen.width();
    const lines = shown.flatMap(({ agoMs, machine, actions, reason }) =>
      wrap(`${ago(agoMs)} ago  ${machine}: ${reason} -> ${actions.join(", ")}`, width),
    );
    return looked(lines.length === 0 ? ["No decision was due yet."] : lines, { decisions: shown });
  },
};

function ago(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

const incidents: ConsoleCommand = {
  name: "incidents",
  usage: "",
  summary: "why it stopped, restarted or slowed down lately, newest last",
  group: "look",
  json: z.object({ incidents: z.array(incidentSchema) }),
  run: async (_words, context) => {
    const { recentIncidents } = await snapshotOf(context);
    const lines = recentIncidents.flatMap(({ run, uptimeMs, kind, text }) =>
      wrap(`run ${run}, ${ago(uptimeMs)} in  ${kind}: ${text}`, context.screen.width()),
    );
    return looked(lines.length === 0 ? ["Nothing happened yet."] : lines, { incidents: recentIncidents });
  },
};

const health: ConsoleCommand = {
  name: "health",
  usage: "",
  summary: "whether the firmware runs, its version, and what keeps it from mining",
  group: "look",
  json: healthSchema,
  run: async (_words, context) => {
    const answer = await context.client.get("/health", healthSchema);
    return looked(
      [`${answer.status}, version ${answer.version}${answer.problem === null ? "" : `: ${answer.problem}`}`],
      answer,
    );
  },
};

const logLines = z.object({ lines: z.array(z.record(z.string(), z.unknown())) });

const log: ConsoleCommand = {
  name: "log",
  usage: "[COUNT]",
  summary: "the last lines of the log (1 to 500, else 15)",
  group: "look",
  json: logLines,
  run: async ([word], context) => {
    const count = word === undefined ? 15 : wholeOf(word, 1, 500);
    if (count === null) throw wordsProblem(log, `"${word ?? ""}" is no count of 1 to 500`);
    const { lines } = await context.client.get("/logs", logLines);
    const shown = lines.slice(-count);
    const width = context.screen.width();
    return looked(
      shown.flatMap(({ time, msg, part, ...rest }) =>
        wrap(
          `${String(time ?? "").slice(11, 19)} ${part === undefined ? "" : `${textOf(part)}: `}${textOf(msg)} ${restText(rest)}`.trimEnd(),
          width,
        ),
      ),
      { lines: shown },
    );
  },
};

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? "");
}

function restText({ level: _level, ...rest }: Record<string, unknown>): string {
  return Object.entries(rest)
    .map(([name, value]) => `${name}=${textOf(value)}`)
    .join(" ");
}

export const LOOK: readonly ConsoleCommand[] = [
  status,
  chains,
  chips,
  chip,
  sensors,
  pools,
  why,
  incidents,
  log,
  health,
];
