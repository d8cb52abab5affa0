/** The same outcome as JUnit XML, which every CI system reads: one test case a step. */
import type { HilReport } from "./report.ts";

export function junitXml(report: HilReport): string {
  const { steps, counts, target, suite, seconds } = report;
  const skipped = counts.refused + counts.skipped + counts.not_applicable;
  const name = `kumpel hil ${suite} ${target}`;
  const numbers = { tests: steps.length, failures: counts.failed, errors: 0, skipped, time: seconds };
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${attributes({ name, tests: steps.length, failures: counts.failed, time: seconds })}>`,
    `  <testsuite ${attributes({ name, ...numbers, timestamp: report.started_at.replace(/\.\d+Z$/, "") })}>`,
    "    <properties>",
    ...propertiesOf(report).map(([key, value]) => `      <property ${attributes({ name: key, value })}/>`),
    "    </properties>",
    ...steps.flatMap((step) => caseLines(step, report)),
    "  </testsuite>",
    "</testsuites>",
  ];
  return `${lines.join("\n")}\n`;
}

function propertiesOf(report: HilReport): [string, string][] {
  return [
    ["version", report.version],
    ["machine", report.machine],
    ["control_board", report.control_board],
    ["emulated", report.emulated ?? "no"],
    ["power_off_confirmed", String(report.power_off_confirmed)],
  ];
}

function caseLines(step: HilReport["steps"][number], { machine }: HilReport): string[] {
  const { name, verdict, seconds, messages } = step;
  const head = `    <testcase ${attributes({ classname: `kumpel.hil.${machine}`, name, time: seconds })}`;
  const text = messages.join("\n");
  switch (verdict) {
    case "passed":
      return [`${head}>`, `      <system-out>${escaped(text)}</system-out>`, "    </testcase>"];
    case "failed": {
      const failure = `<failure ${attributes({ message: messages[0] ?? "", type: name })}>${escaped(text)}</failure>`;
      return [`${head}>`, `      ${failure}`, "    </testcase>"];
    }
    case "refused":
    case "skipped":
    case "not_applicable": {
      const message = `${verdict.replace("_", " ")}: ${text}`;
      return [`${head}>`, `      <skipped ${attributes({ message })}/>`, "    </testcase>"];
    }
  }
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([key, value]) => `${key}="${escaped(String(value))}"`)
    .join(" ");
}

/** Characters that XML 1.0 cannot hold at all become a question mark. */
function escaped(text: string): string {
  return Array.from(text, (sign) => (isXmlSign(sign.codePointAt(0) ?? 0) ? sign : "?"))
    .join("")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("\n", "&#10;");
}

function isXmlSign(code: number): boolean {
  if (code === 0x09 || code === 0x0a || code === 0x0d) return true;
  const isSurrogate = code >= 0xd800 && code <= 0xdfff;
  return code >= 0x20 && !isSurrogate && code !== 0xfffe && code !== 0xffff;
}
