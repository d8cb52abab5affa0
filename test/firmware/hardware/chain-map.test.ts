import { expect, test } from "vitest";
import { decideChainMap, type ProbedChain } from "#firmware/hardware/chain-map.ts";

const TTYS = ["/dev/ttyS1", "/dev/ttyS2", "/dev/ttyS3"];

function chains(...counts: (readonly (number | null)[])[]): ProbedChain[] {
  return counts.map((chipCounts, i) => {
    return { chainIndex: i, label: `J${i + 1}`, isPlugged: true, chipCounts };
  });
}

test("every connector answers on one device", () => {
  const { paths, problems } = decideChainMap(chains([0, 0, 108], [0, 108, 0], [107, 0, 0]), TTYS);
  expect(paths?.map(({ path }) => path)).toEqual(["/dev/ttyS3", "/dev/ttyS2", "/dev/ttyS1"]);
  expect(problems).toEqual([]);
});

test("one silent connector gets the device that is left", () => {
  const { paths, problems } = decideChainMap(chains([0, 0, 108], [0, 0, 0], [108, 0, 0]), TTYS);
  expect(paths).toEqual([
    { path: "/dev/ttyS3", by: "answer" },
    { path: "/dev/ttyS2", by: "elimination" },
    { path: "/dev/ttyS1", by: "answer" },
  ]);
  expect(problems).toEqual([expect.stringMatching(/^The hashboard in J2 .*the one device that is left\.$/)]);
});

test("two silent connectors get guesses, and it is said", () => {
  const [first, second, third] = chains([0, 0, 108], [0, null, 0], [0, 0, 0]);
  const { paths, problems } = decideChainMap([first!, { ...second!, isPlugged: false }, third!], TTYS);
  expect(paths).toEqual([
    { path: "/dev/ttyS3", by: "answer" },
    { path: "/dev/ttyS1", by: "remainder" },
    { path: "/dev/ttyS2", by: "remainder" },
  ]);
  expect(problems).toEqual([
    expect.stringContaining("No hashboard is in J2: its device is a guess"),
    expect.stringContaining("J3"),
  ]);
});

test("contradictions and silence give no map", () => {
  const both = decideChainMap(chains([108, 0, 0], [108, 0, 0], [0, 0, 108]), TTYS);
  expect(both).toEqual({ paths: null, problems: [expect.stringContaining("J1 and J2 both answer on /dev/ttyS1")] });
  const twice = decideChainMap(chains([108, 0, 5], [0, 108, 0], [0, 0, 0]), TTYS);
  expect(twice).toEqual({ paths: null, problems: [expect.stringContaining("/dev/ttyS1 and /dev/ttyS3")] });
  const none = decideChainMap(chains([0, 0, 0], [0, 0, 0], [0, 0, 0]), TTYS);
  expect(none).toEqual({ paths: null, problems: [expect.stringContaining("No chip answered")] });
});
