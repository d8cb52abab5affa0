/** Commands that steer the machine as a whole. */
import { z } from "zod";
import { sleep, pause as wait } from "#hal/clock.ts";
import { answerSchema } from "../../api/commands.ts";
import { queryAnswers } from "../../api/queries.ts";
import { LOG_LEVELS } from "../../log.ts";
import { type ConsoleCommand, type ConsoleContext, numberOf, type Outcome, wholeOf, wordsProblem } from "../command.ts";
import { errorPctBetween, measure } from "../effect.ts";
import { number } from "../table.ts";
import { chainWords, snapshotOf, statusLinesOf } from "./look.ts";
import { said } from "./tune.ts";

/** A power-down is confirmed within two seconds or not at all. */
const OFF_LIMIT_MS = 5_000;
const OFF_LOOK_MS = 250;

function simple(name: string, summary: string, command: object): ConsoleCommand {
  return {
    name,
    usage: "",
    summary,
    group: "steer",
    json: answerSchema,
    run: async (_words, { client }) => said(await client.order(command)),
  };
}

const pauseCommand: ConsoleCommand = {
  name: "pause",
  usage: "[REASON]",
  summary: "hashboards off until resume, also over restarts",
  group: "steer",
  json: answerSchema,
  run: async (words, { client }) => {
    const reason = words.join(" ").slice(0, 120);
    return said(await client.order({ kind: "pause", ...(reason === "" ? {} : { reason }) }));
  },
};

const safeJson = z.object({ answer: answerSchema, isPowerOff: z.boolean() });

/** A pause whose end is looked at: whoever says safe wants to know. */
const safe: ConsoleCommand = {
  name: "safe",
  usage: "",
  summary: "hashboards off now, and wait until they are seen to be off",
  group: "steer",
  json: safeJson,
  run: async (_words, context) => {
    const answer = await context.client.order({ kind: "pause", reason: "made safe at the console" });
    let isPowerOff = false;
    for (let waitedMs = 0; answer.ok && !isPowerOff && waitedMs <= OFF_LIMIT_MS; waitedMs += OFF_LOOK_MS) {
      if (waitedMs > 0) await sleep(context.clock, OFF_LOOK_MS);
      isPowerOff = !(await snapshotOf(context)).isPowerOn;
    }
    const line = isPowerOff
      ? "Hashboards are off and stay off until resume."
      : answer.ok
        ? `Hashboards are NOT seen to be off after ${OFF_LIMIT_MS / 1000} s: switch the mains off.`
        : `${answer.message} Switch the mains off.`;
    return { lines: [line], data: { answer, isPowerOff }, isDone: isPowerOff };
  },
};

const fans: ConsoleCommand = {
  name: "fans",
  usage: "PERCENT|auto",
  summary: "a fixed fan duty of 0 to 100 %, or by temperature; kept in the settings",
  group: "steer",
  json: answerSchema,
  complete: () => ["auto"],
  run: async ([word], { client }) => {
    const dutyPct = word === "auto" ? null : numberOf(word);
    if (word !== "auto" && (dutyPct === null || dutyPct < 0 || dutyPct > 100))
      throw wordsProblem(fans, `"${word ?? ""}" is neither auto nor a duty of 0 to 100 %`);
    return said(await client.order({ kind: "setFanDuty", dutyPct }));
  },
};

const restart: ConsoleCommand = {
  name: "restart",
  usage: "[CHAIN]",
  summary: "one chain anew, or the whole run with its settings read again",
  group: "steer",
  json: answerSchema,
  complete: (_words, context) => chainWords(context),
  run: async ([word], context) => {
    if (word === undefined) return said(await context.client.order({ kind: "restart" }));
    const chainIndex = wholeOf(word, 0);
    if (chainIndex === null) throw wordsProblem(restart, `"${word}" is no chain`);
    return said(await context.client.order({ kind: "restartChain", chainIndex }));
  },
};

const locate: ConsoleCommand = {
  name: "locate",
  usage: "on|off",
  summary: "blink the board's LED, ten minutes at most",
  group: "steer",
  json: answerSchema,
  complete: () => ["on", "off"],
  run: async ([word], { client }) => {
    if (word !== "on" && word !== "off") throw wordsProblem(locate, `"${word ?? ""}" is neither on nor off`);
    return said(await client.order({ kind: "locate", isOn: word === "on" }));
  },
};

const loglevel: ConsoleCommand = {
  name: "loglevel",
  usage: LOG_LEVELS.join("|"),
  summary: "how much the log tells, until the next restart",
  group: "steer",
  json: answerSchema,
  complete: () => LOG_LEVELS,
  run: async ([word], { client }) => {
    if (!LOG_LEVELS.some((level) => level === word)) throw wordsProblem(loglevel, `"${word ?? ""}" is no level`);
    return said(await client.order({ kind: "setLogLevel", level: word }));
  },
};

const STEP_MHZ = 12.5;
const HOLD_S = 20;
const MAX_ERROR_PCT = 2;

const rampJson = z.object({
  steps: z.array(
    z.object({ frequencyMhz: z.number(), measuredThs: z.number().nullable(), errorPct: z.number().nullable() }),
  ),
  end: z.enum(["reached", "errors", "stopped", "refused"]),
  message: z.string(),
});
type Ramp = z.infer<typeof rampJson>;

const ramp: ConsoleCommand = {
  name: "ramp",
  usage: "CHAIN MHZ [STEP_MHZ [HOLD_S]]",
  summary: "step a chain's clock to MHZ, look at each step, stop where errors pass 2 %",
  help: [
    `ramp 0 525            steps of ${STEP_MHZ} MHz, ${HOLD_S} s each`,
    "ramp 0 525 6.25 60    finer and longer; the more nonces a step sees, the more its error rate says",
    `Stops one step back where hardware errors pass ${MAX_ERROR_PCT} %. Ctrl-C stops where it is.`,
  ],
  group: "tune",
  json: rampJson,
  complete: (words, context) => (words.length <= 1 ? chainWords(context) : []),
  run: async ([chainWord, goalWord, stepWord, holdWord], context) => {
    const chainIndex = wholeOf(chainWord, 0);
    const goalMhz = numberOf(goalWord);
    const stepMhz = stepWord === undefined ? STEP_MHZ : numberOf(stepWord);
    const holdS = holdWord === undefined ? HOLD_S : numberOf(holdWord);
    if (chainIndex === null) throw wordsProblem(ramp, `"${chainWord ?? ""}" is no chain`);
    if (goalMhz === null) throw wordsProblem(ramp, `"${goalWord ?? ""}" is no frequency in MHz`);
    if (stepMhz === null || stepMhz < 1 || stepMhz > 100)
      throw wordsProblem(ramp, `"${stepWord}" is no step of 1 to 100 MHz`);
    if (holdS === null || holdS < 1 || holdS > 3_600)
      throw wordsProblem(ramp, `"${holdWord}" is no hold of 1 to 3600 s`);
    const result = await runRamp(context, { chainIndex, goalMhz, stepMhz, holdMs: holdS * 1000 });
    return { lines: [result.message], data: result, isDone: result.end === "reached" };
  },
};

interface RampOrder {
  readonly chainIndex: number;
  readonly goalMhz: number;
  readonly stepMhz: number;
  readonly holdMs: number;
}

async function runRamp(context: ConsoleContext, { chainIndex, goalMhz, stepMhz, holdMs }: RampOrder): Promise<Ramp> {
  const place = { chainIndex, domainIndex: null, chipIndex: null };
  const steps: Ramp["steps"] = [];
  const say = (line: string): void => {
    if (!context.isJson) context.screen.write(`${line}\n`);
  };
  let atMhz = (await measure(context, place)).frequencyMhz;
  if (atMhz === null)
    return { steps, end: "refused", message: `Refused: chain ${chainIndex} has no clock; it must hash first.` };
  const { min, max, reason } = (await context.client.get("/tuning", queryAnswers.tuning)).limits.frequencyMhz;
  if (goalMhz < min || goalMhz > max)
    return {
      steps,
      end: "refused",
      message: `Refused: ${goalMhz} MHz is outside of ${min} to ${max} MHz (${reason}).`,
    };
  while (Math.abs(atMhz - goalMhz) > 1e-6) {
    const nextMhz: number = atMhz < goalMhz ? Math.min(goalMhz, atMhz + stepMhz) : Math.max(goalMhz, atMhz - stepMhz);
    const answer = await context.client.order({ kind: "tuneFrequency", chainIndex, frequencyMhz: nextMhz });
    if (!answer.ok) return { steps, end: "refused", message: answer.message };
    const before = await measure(context, place);
    if (!(await wait(context.clock, holdMs, context.signal)))
      return { steps, end: "stopped", message: `Stopped at ${number(nextMhz, 2)} MHz; undo goes a step back.` };
    const after = await measure(context, place);
    const errorPct = errorPctBetween(before, after);
    steps.push({ frequencyMhz: nextMhz, measuredThs: after.measuredThs, errorPct });
    say(`${number(nextMhz, 2)} MHz: ${number(after.measuredThs, 2)} TH/s, errors ${number(errorPct, 2)} %`);
    if (errorPct !== null && errorPct > MAX_ERROR_PCT && nextMhz > atMhz) {
      const back = await context.client.order({ kind: "undoTuning" });
      const text = back.ok ? `back at ${number(atMhz, 2)} MHz` : back.message;
      return {
        steps,
        end: "errors",
        message: `Hardware errors of ${number(errorPct, 1)} % at ${number(nextMhz, 2)} MHz: ${text}.`,
      };
    }
    atMhz = nextMhz;
  }
  return { steps, end: "reached", message: `Chain ${chainIndex} is at ${number(goalMhz, 2)} MHz.` };
}

const watch: ConsoleCommand = {
  name: "watch",
  usage: "[SECONDS]",
  summary: "the status once a second until Ctrl-C, or for so many seconds",
  group: "look",
  json: z.object({ snapshots: z.number().meta({ description: "Each went out as a line of its own before." }) }),
  run: async ([word], context) => {
    const seconds = word === undefined ? null : numberOf(word);
    if (word !== undefined && (seconds === null || seconds < 1 || seconds > 86_400))
      throw wordsProblem(watch, `"${word}" is no time of 1 to 86400 s`);
    return runWatch(context, seconds);
  },
};

async function runWatch(context: ConsoleContext, seconds: number | null): Promise<Outcome> {
  const stop = new AbortController();
  const end = (): void => stop.abort();
  context.signal.addEventListener("abort", end, { once: true });
  if (context.signal.aborted) end();
  const timer = seconds === null ? null : context.clock.setTimer(seconds * 1000, end);
  let snapshots = 0;
  const { screen } = context;
  const why = await context.client.watch((snapshot) => {
    snapshots++;
    if (context.isJson) {
      screen.write(`${JSON.stringify(snapshot)}\n`);
      return;
    }
    const lines = statusLinesOf(snapshot as Parameters<typeof statusLinesOf>[0], screen.width()).slice(
      0,
      screen.rows() - 1,
    );
    // Home, each line to its end, then what was below: nothing flickers and nothing stays.
    screen.write(
      screen.isTerminal
        ? `\u001b[H${lines.map((line) => `${line}\u001b[K\n`).join("")}\u001b[J`
        : `${lines.join("\n")}\n\n`,
    );
  }, stop.signal);
  timer?.cancel();
  context.signal.removeEventListener("abort", end);
  const isLost = why === "lost" && !stop.signal.aborted;
  return { lines: isLost ? ["The connection to the firmware is lost."] : [], data: { snapshots }, isDone: !isLost };
}

export const STEER: readonly ConsoleCommand[] = [
  pauseCommand,
  simple("resume", "let a paused machine hash again", { kind: "resume" }),
  safe,
  fans,
  restart,
  simple("acknowledge", "you have seen why it was shut down; it may start again", { kind: "acknowledgeShutdown" }),
  locate,
  loglevel,
];

export const RAMP = ramp;
export const WATCH = watch;
