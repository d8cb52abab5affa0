// What must hold in the report of a demo run, on any processor. By hand: node test/smoke/check-report.mjs < report.json
import fs from "node:fs";
import path from "node:path";

/**
 * @param {any} report as `kumpel run --demo --report -` wrote it
 * @param {{ machine?: string, chains?: number, chips?: number, isFullSpeed?: boolean }} [expected] `isFullSpeed`: the
 * emulated chips had the time that they need, so that the hashrate must fit
 * @returns {string[]} what does not hold
 */
export function problemsOf(report, { machine = "s21", chains = 3, chips = 108, isFullSpeed = true } = {}) {
  /** @type {string[]} */
  const problems = [];
  /** @param {boolean} holds @param {string} text @param {unknown} value */
  const check = (holds, text, value) => {
    if (!holds) problems.push(`${text}, but it is ${JSON.stringify(value)}`);
  };
  const { shares, nonces, hashrate } = report;
  check(report.machine === machine, `the machine should be ${machine}`, report.machine);
  check(typeof report.emulation === "string", "the run should be labelled as emulated", report.emulation);
  check(report.pool.connects === 1, "the pool should have been connected once", report.pool.connects);
  check(report.pool.notifies >= 1, "the pool should have given work", report.pool.notifies);
  check(shares.accepted >= 1, "at least one share should be accepted", shares.accepted);
  check(shares.rejected === 0 && shares.lost === 0, "no share should be rejected or lost", shares);
  check(shares.submitted >= shares.accepted, "no more shares should be accepted than were submitted", shares);
  const sum = nonces.valid + nonces.hardware_errors + nonces.duplicate + nonces.stale + nonces.unknown_work;
  check(nonces.received === sum, "every nonce should end in one of the counters", nonces);
  check(nonces.valid >= shares.submitted, "there should be a valid nonce for every share", nonces.valid);
  check(nonces.hardware_errors === 0, "no nonce should be wrong", nonces.hardware_errors);
  const first = report.first_accepted_share_s;
  check(first > report.prescribed_waits_s, "the first share should come after the start sequence", first);
  check(first <= report.seconds, "the first share should come within the run", first);
  check(report.chains.length === chains, `there should be ${chains} chains`, report.chains.length);
  for (const chain of report.chains) {
    check(chain.state === "hashing", `chain ${chain.index} should hash`, chain.state);
    check(chain.chips === chips, `chain ${chain.index} should have ${chips} chips`, chain.chips);
    const heat = chain.temperature_chip_max_c;
    check(heat > 20 && heat < 100, `chain ${chain.index} should have a sane chip temperature`, heat);
  }
  const ratio = hashrate.measured_ths / hashrate.expected_ths;
  check(ratio > (isFullSpeed ? 0.8 : 0) && ratio < 1.2, "the measured hashrate should fit the expected one", hashrate);
  check(report.ports.http > 0, "the own API should have a port", report.ports.http);
  check(report.alarms.length === 0 || !isFullSpeed, "there should be no alarm", report.alarms);
  check(report.end.hashboards_off === true, "the hashboards should be off at the end", report.end);
  return problems;
}

if (import.meta.filename === path.resolve(process.argv[1] ?? "")) {
  const problems = problemsOf(JSON.parse(fs.readFileSync(0, "utf8")));
  for (const problem of problems) console.log(problem);
  console.log(problems.length === 0 ? "the report holds" : `${problems.length} things do not hold`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
