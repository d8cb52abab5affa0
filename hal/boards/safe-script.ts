/**
 * The first act of a boot as a shell script, made of the same board rows that the program drives: supply off, chips in
 * reset, fans full, before anything else runs and without Node. It writes to the kernel's GPIO and PWM files, so it works on
 * every kernel that the boards' images have, and it goes on after a line that cannot be driven: the next one may matter more.
 */
import type { ControlBoardFacts, Level, PinFacts } from "./board-facts.ts";

export interface SafeScriptOptions {
  readonly machine: string;
  /** Level that switches the supply on, where the owner had to say it; absent: what the row knows of this machine. */
  readonly psuEnableActive?: Level;
}

interface DrivenLine {
  readonly what: string;
  readonly pin: PinFacts;
  readonly level: Level;
}

const HEAD = `#!/bin/sh
# First act of a boot: supply off, chips in reset, fans full. Made by "kumpel board safe-script"; do not edit.
# ROOT stands for / in tests.
ROOT="\${ROOT:-}"
failed=0

# drive WHAT LABELS LINE LEVEL: LABELS separated by |, as the kernel names the pin's controller.
drive() {
  for chip in "$ROOT"/sys/class/gpio/gpiochip*; do
    [ -r "$chip/label" ] || continue
    case "|$2|" in *"|$(cat "$chip/label")|"*) ;; *) continue ;; esac
    number=$(($(cat "$chip/base") + $3))
    pin="$ROOT/sys/class/gpio/gpio$number"
    [ -d "$pin" ] || echo "$number" 2>/dev/null >"$ROOT/sys/class/gpio/export"
    # Direction and level in one write: the pin never shows the other level.
    if echo "$4" 2>/dev/null >"$pin/direction"; then echo "$1: $4"; return; fi
  done
  echo "NOT DRIVEN, no such pin or no right to it: $1" >&2
  failed=1
}

# blow CHIP CHANNEL PERIOD_NS: a fan output to full.
blow() {
  pwm="$ROOT/sys/class/pwm/pwmchip$1"
  [ -d "$pwm/pwm$2" ] || echo "$2" 2>/dev/null >"$pwm/export"
  if echo "$3" 2>/dev/null >"$pwm/pwm$2/period" && echo "$3" 2>/dev/null >"$pwm/pwm$2/duty_cycle" &&
    echo 1 2>/dev/null >"$pwm/pwm$2/enable"; then echo "fans at $1.$2: full"; return; fi
  echo "NOT DRIVEN: fans at pwmchip$1 channel $2" >&2
  failed=1
}
`;

/** Text of the script for this board and machine. */
export function safeScript(facts: ControlBoardFacts, options: SafeScriptOptions): string {
  const lines = [...supplyLines(facts, options), ...resetLines(facts)];
  const drives = lines.map(({ what, pin: { pin }, level }) => {
    return `drive ${quote(what)} ${quote(pin.bank.labels.join("|"))} ${pin.line} ${level}`;
  });
  return [HEAD, ...drives, ...fanLines(facts), ...remarks(facts, options), "", "exit $failed", ""].join("\n");
}

function supplyLines({ psuEnable }: ControlBoardFacts, options: SafeScriptOptions): DrivenLine[] {
  if (psuEnable === null) return [];
  const known = psuEnable.observedOn.includes(options.machine) ? psuEnable.active : null;
  const active = options.psuEnableActive ?? known;
  if (active === null) return [];
  return [{ what: "supply off", pin: psuEnable, level: opposite(active) }];
}

function resetLines({ connectors }: ControlBoardFacts): DrivenLine[] {
  return connectors.flatMap(({ label, reset }): DrivenLine[] => {
    if (reset === null || reset.active === null) return [];
    return [{ what: `chips of ${label} in reset`, pin: reset, level: reset.active }];
  });
}

function fanLines({ fans }: ControlBoardFacts): string[] {
  if (fans.kind !== "pwm") return [];
  return fans.channels.map(({ documentedChip, channel }) => `blow ${documentedChip} ${channel} ${fans.periodNs}`);
}

/** What the script cannot do is said in it, so that nobody takes it for done. */
function remarks(facts: ControlBoardFacts, options: SafeScriptOptions): string[] {
  const told: string[] = [];
  if (facts.psuEnable === null) told.push("# This board has no line that switches its supply.");
  else if (supplyLines(facts, options).length === 0)
    told.push(`# The supply is NOT driven: no source says which level switches it off on ${options.machine}.`);
  if (resetLines(facts).length < facts.connectors.length)
    told.push("# Resets are bits of the FPGA here; its image drives them low until a program says otherwise.");
  if (facts.fans.kind !== "pwm") told.push("# Fans are the FPGA's: the program sets them as its first act.");
  return told;
}

function opposite(level: Level): Level {
  return level === "high" ? "low" : "high";
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "")}'`;
}
