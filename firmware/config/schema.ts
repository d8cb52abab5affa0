/**
 * The one schema of the settings file: it validates the file, types the code, and makes the reference page
 * (docs/SETTINGS.md), the JSON Schema and the constraints of the API. Units end the keys. A key without a default that is
 * left out means: as the machine's own row says.
 */
import { z } from "zod";
import { HASHBOARDS } from "#drivers/hashboards/models.ts";
import { CONTROL_BOARDS } from "#hal/boards/control-boards.ts";
import { HOBBY_BOARDS } from "#hal/boards/hobby-board.ts";
import { LOG_LEVELS } from "../log.ts";
import { parsePoolUrl, parseProxyUrl } from "../stratum/pool-url.ts";
import { choice, flag, integer, mustParse, number, table, text, tlsKeys } from "./keys.ts";
import { checkNetwork, network } from "./network-keys.ts";
import { alerts } from "./outward-keys.ts";
import { update } from "./update-keys.ts";

/** Raised by each step in `migrations.ts`. */
export const SETTINGS_VERSION = 2;
export const POOLS_MAX = 8;
export const GROUPS_MAX = 8;

const HASHBOARD_NAMES = Object.keys(HASHBOARDS) as [string, ...string[]];
const BOARD_NAMES = [...Object.keys(CONTROL_BOARDS), ...Object.keys(HOBBY_BOARDS)] as [string, ...string[]];

const machine = table("Which machine this is.", {
  name: choice(["auto", ...HASHBOARD_NAMES], {
    title: "Machine",
    description: "auto is the real board; a name starts the emulator of that machine. Left out: auto.",
    needsRestart: true,
  }).optional(),
  hashboard: choice(HASHBOARD_NAMES, {
    title: "Model of the hashboards",
    description: "Model of the hashboards on a real board; it is never guessed.",
    needsRestart: true,
  }).optional(),
  control_board: choice(BOARD_NAMES, {
    title: "Control board",
    description: "Another control board than the one that is found.",
    needsRestart: true,
  }).optional(),
  chain_uarts: z
    .array(z.string().regex(/^\/dev\/[\w./-]+$/, "must be a list of serial devices, such as /dev/ttyS1"))
    .min(1)
    .max(8)
    .meta({
      title: "Serial devices of the chains",
      description:
        "Serial devices by connector, as kumpel board probe-chains finds them; of a hobby board: its control port, its chips' port.",
      needsRestart: true,
    })
    .optional(),
  psu_enable_active: choice(["high", "low"], {
    title: "Level that switches the supply on",
    description: "Level that switches the power supply on, as measured.",
    needsRestart: true,
  }).optional(),
  accept_experimental: flag({
    title: "Drive what is experimental",
    description: "Drive boards and chips that are known from single sources only.",
    needsRestart: true,
  }).default(false),
});

const pool = z
  .object({
    url: text(256, {
      title: "Address of the pool",
      description: "stratum+tcp://HOST:PORT, stratum+ssl://HOST:PORT, stratum+tcp://[IPV6]:PORT or HOST:PORT.",
      needsRestart: true,
    }).superRefine((url, context) => {
      mustParse(() => parsePoolUrl(url), context);
    }),
    user: text(256, { title: "User", description: "As the pool wants it, often ADDRESS.WORKER.", needsRestart: true }),
    password: text(256, {
      title: "Password",
      description: "What the pool wants beside the user; most take anything.",
      needsRestart: true,
      isSecret: true,
    }).default("x"),
    proxy: text(256, {
      title: "Proxy",
      description: "socks5://HOST:PORT or socks5://USER:PASSWORD@HOST:PORT; names are resolved there.",
      needsRestart: true,
      isSecret: true,
    })
      .superRefine((url, context) => {
        mustParse(() => parseProxyUrl(url), context);
      })
      .optional(),
    ...tlsKeys("pool"),
    version_bits: choice(["bip310", "xor"], {
      title: "Form of version bits",
      description: "xor is for pools that XOR the submitted bits into the version.",
      needsRestart: true,
    }).default("bip310"),
  })
  .superRefine(({ tls_trust, tls_pin_sha256 }, context) => {
    if (tls_trust === "pinned" && tls_pin_sha256 === undefined)
      context.addIssue({ code: "custom", path: ["tls_trust"], message: "needs tls_pin_sha256 beside it" });
  });

const poolGroup = z.object({
  quota: number(0.001, 1_000, {
    title: "Share of the hashrate",
    description: "Share of the hashrate; only the ratios of the groups count.",
    needsRestart: true,
  }).default(1),
  pools: z
    .array(pool)
    .min(1)
    .max(POOLS_MAX)
    .meta({ description: "Pools of the group in the order of preference.", needsRestart: true }),
});

const tuning = table("Clock and voltage of the chips.", {
  frequency_mhz: number(50, 1_000, {
    title: "Hash clock",
    description: "Hash clock, at most 1.5 times the model's own. Left out: the machine's own.",
    unit: "MHz",
    needsRestart: true,
  }).optional(),
  work_voltage_mv: number(500, 25_000, {
    title: "Voltage while hashing",
    description: "Voltage while hashing, within the machine's hard caps. Left out: the machine's own.",
    unit: "mV",
    needsRestart: true,
  }).optional(),
});

const cooling = table(
  "Temperatures and fans. Limits of the owner may be tighter than the machine's own, never looser.",
  {
    mode: choice(["air", "immersion", "hydro"], {
      title: "Who cools",
      description: "air: our fans cool. immersion, hydro: somebody else's pump does, and no fan is driven or watched.",
      needsRestart: false,
    }).default("air"),
    target_c: number(30, 80, {
      title: "Board temperature to aim for",
      description: "Board temperature that the fans aim for; at least 3 C below hot_c. Left out: 15 C below the limit.",
      unit: "C",
      needsRestart: false,
    }).optional(),
    hot_c: number(35, 90, {
      title: "Board temperature of full fans",
      description: "Board temperature of full fans; at least 2 C below the limit. Left out: 5 C below the limit.",
      unit: "C",
      needsRestart: false,
    }).optional(),
    board_limit_c: number(40, 100, {
      title: "Power goes off at a board temperature of",
      description: "Power off when a board sensor is that hot. Left out: the machine's own limit.",
      unit: "C",
      needsRestart: true,
    }).optional(),
    chip_limit_c: number(40, 130, {
      title: "Power goes off at a chip temperature of",
      description: "Power off when a chip's own sensor is that hot. Left out: the machine's own limit.",
      unit: "C",
      needsRestart: true,
    }).optional(),
    fan_min_pct: number(0, 100, {
      title: "Lowest fan duty",
      description: "Fans that follow the temperature never turn slower.",
      unit: "%",
      needsRestart: false,
    }).default(30),
    fan_max_pct: number(10, 100, {
      title: "Highest fan duty",
      description: "Highest fan duty (quiet limit): above it the machine rather hashes slower. Safety may go beyond.",
      unit: "%",
      needsRestart: false,
    }).default(100),
    fan_manual_pct: number(0, 100, {
      title: "Fixed fan duty",
      description: "A fixed fan duty. Left out: the fans follow the temperature.",
      unit: "%",
      needsRestart: false,
    }).optional(),
  },
);

const security = table("Who may do what over the own API. Tokens are no settings: kumpel config token makes one.", {
  reads_need_token: flag({
    title: "Reading needs a token",
    description: "Whether reading, too, needs a token; changes always do.",
    needsRestart: true,
  }).default(true),
  session_hours: number(0.1, 720, {
    title: "Length of a session",
    description: "A session of a browser ends so long after its last request.",
    unit: "h",
    needsRestart: true,
  }).default(12),
});

const logging = table("The log on standard error.", {
  level: choice(LOG_LEVELS, {
    title: "Least weight of a line",
    description: "Least weight of a line. Left out: warn on a terminal, else info.",
    needsRestart: true,
  }).optional(),
});

export const settingsSchema = z
  .object({
    settings_version: integer(1, SETTINGS_VERSION, {
      title: "Form of the file",
      description: "Form of this file; older forms are brought up to date by themselves.",
      needsRestart: true,
    }).default(SETTINGS_VERSION),
    machine,
    pool_groups: z
      .array(poolGroup)
      .max(GROUPS_MAX)
      .meta({ description: "Groups of pools share the hashrate by their quotas.", needsRestart: true })
      .default([]),
    tuning,
    cooling,
    network,
    alerts,
    security,
    logging,
    update,
  })
  .superRefine(checkTogether);

export type Settings = z.infer<typeof settingsSchema>;

/** What holds between keys. The path names the key that the owner would change. */
function checkTogether(
  settings: z.output<z.ZodObject<{ cooling: typeof cooling; network: typeof network }>>,
  context: z.RefinementCtx,
): void {
  const { fan_min_pct, fan_max_pct, target_c, hot_c, board_limit_c } = settings.cooling;
  const complain = (key: string, message: string): void =>
    context.addIssue({ code: "custom", path: ["cooling", key], message });
  if (fan_min_pct > fan_max_pct) complain("fan_min_pct", `must not be above cooling.fan_max_pct (${fan_max_pct} %)`);
  if (target_c !== undefined && hot_c !== undefined && target_c > hot_c - 3)
    complain("target_c", `must be at least 3 C below cooling.hot_c (${hot_c} C)`);
  if (hot_c !== undefined && board_limit_c !== undefined && hot_c > board_limit_c - 2)
    complain("hot_c", `must be at least 2 C below cooling.board_limit_c (${board_limit_c} C)`);
  checkNetwork(settings.network, context);
}

export const DEFAULT_SETTINGS: Settings = settingsSchema.parse({});
