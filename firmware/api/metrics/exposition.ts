/** The metrics as Prometheus reads them (text format 0.0.4), and the page that explains them. */
import type { FaceView } from "../machine-facts.ts";
import { METRIC_GROUPS, METRICS, type Metric, type Sample } from "./metric-table.ts";

export const METRICS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** A metric without a known value is left out as a whole. */
export function metricsText(view: FaceView): string {
  return METRICS.map((metric) => family(metric, metric.read(view))).join("");
}

function family({ name, help, type, labels }: Metric, samples: readonly Sample[]): string {
  if (samples.length === 0) return "";
  const lines = samples.map(
    ({ labels: values, value }) => `${name}${labelText(labels, values)} ${numberText(value)}\n`,
  );
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function labelText(names: readonly string[], values: readonly string[]): string {
  if (names.length === 0) return "";
  return `{${names.map((name, i) => `${name}="${escaped(values[i] ?? "")}"`).join(",")}}`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  return Number.isFinite(value) ? String(value) : value > 0 ? "+Inf" : "-Inf";
}

/** docs/METRICS.md; a test compares the two. */
export function metricsPage(): string {
  const groups = METRIC_GROUPS.map(([title, metrics]) => `## ${title}\n\n${table(metrics)}`);
  return `${INTRODUCTION}\n${groups.join("\n")}`;
}

const INTRODUCTION = `# Metrics

\`GET /metrics\` answers in the text format of Prometheus. Base units throughout, \`_total\` for what only grows (from 0 with each
start of the miner), ratios from 0 to 1. What is unknown is left out, never 0. Written from the table in
\`firmware/api/metrics/metric-table.ts\`; a dashboard for Grafana that uses these metrics is in
[grafana/kumpel.json](grafana/kumpel.json). After a change of the table: \`npx vitest run test/firmware/api/metrics -u\`.
`;

function table(metrics: readonly Metric[]): string {
  const rows = metrics.map(({ name, type, labels, help }) => {
    const shown = labels.map((label) => `\`${label}\``).join(" ");
    return `| \`${name}\` | ${type} | ${shown} | ${help} |\n`;
  });
  return `| metric | type | labels | meaning |\n| --- | --- | --- | --- |\n${rows.join("")}`;
}
