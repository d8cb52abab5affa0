import { describe, expect, test } from "vitest";
import {
  DRAIN_MS,
  type FailoverInput,
  type FailoverState,
  initialFailover,
  JOIN_AFTER_MS,
  PROVE_MS,
  REFUSED_FOR_MS,
  REFUSED_IN_A_ROW,
  RETEST_MS,
  SHUN_MS,
  stepFailover,
} from "#firmware/pool/failover.ts";

/** Feeds inputs and remembers the orders as short words with their time in seconds. */
class Driver {
  state: FailoverState;
  nowMs = 0;
  readonly orders: string[] = [];

  constructor(pools: number) {
    this.state = initialFailover(pools);
  }

  input(input: FailoverInput): this {
    const { state, actions } = stepFailover(this.state, input, this.nowMs);
    this.state = state;
    for (const { kind, pool } of actions) this.orders.push(`${this.nowMs / 1000}:${kind} ${pool}`);
    return this;
  }

  alive(pool: number): this {
    return this.input({ kind: "alive", pool });
  }

  down(pool: number, why: "unauthorised" | "unanswered" | "mute" | null = null): this {
    const [isUnauthorised, isUnanswered, isMute] = [why === "unauthorised", why === "unanswered", why === "mute"];
    return this.input({ kind: "down", pool, isUnauthorised, isUnanswered, isMute });
  }

  share(pool: number, isAccepted: boolean): this {
    return this.input({ kind: "shareEnded", pool, isAccepted, isRefused: !isAccepted });
  }

  /** A tick each second. */
  wait(ms: number): this {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; ) {
      this.nowMs += 1000;
      this.input({ kind: "tick" });
    }
    return this;
  }

  take(): string[] {
    return this.orders.splice(0);
  }
}

test("the first pool is dialled alone, and works with its first job", () => {
  const driver = new Driver(3).input({ kind: "tick" });
  expect(driver.take()).toEqual(["0:dial 0"]);
  driver.wait(3_000).alive(0).wait(600_000);
  expect(driver.take()).toEqual(["3:work 0"]);
});

test("a first pool that fails lets the next one join at once; one that is slow, after its time", () => {
  const refused = new Driver(3).input({ kind: "tick" }).down(0);
  expect(refused.take()).toEqual(["0:dial 0", "0:dial 1"]);
  const slow = new Driver(3).input({ kind: "tick" }).wait(JOIN_AFTER_MS);
  expect(slow.take()).toEqual(["0:dial 0", "10:dial 1"]);
  slow.wait(JOIN_AFTER_MS);
  expect(slow.take()).toEqual(["20:dial 2"]);
});

test("with no pool alive the first that answers works, and links behind it are let go", () => {
  const driver = new Driver(3).input({ kind: "tick" }).wait(2 * JOIN_AFTER_MS);
  driver.take();
  driver.alive(1);
  // The better one is tested again from time to time instead of being dialled without a pause.
  expect(driver.take()).toEqual(["20:work 1", "20:hangUp 0"]);
  driver.wait(DRAIN_MS);
  expect(driver.take()).toEqual(expect.arrayContaining(["30:hangUp 2"]));
});

describe("a lost pool", () => {
  const mining = (): Driver => {
    const driver = new Driver(2).input({ kind: "tick" }).alive(0).wait(60_000);
    driver.take();
    return driver;
  };

  test("the backup is dialled at once and works with its first job", () => {
    const driver = mining().down(0);
    expect(driver.take()).toEqual(["60:work null", "60:dial 1"]);
    driver.wait(2_000).alive(1);
    expect(driver.take()).toEqual(["62:work 1", "62:hangUp 0"]);
  });

  test("the preferred one is tested again and again, and works again after it proved itself", () => {
    const driver = mining().down(0).alive(1);
    driver.take();
    driver.wait(RETEST_MS);
    expect(driver.take()).toContain("90:dial 0");
    driver
      .wait(1_000)
      .alive(0)
      .wait(PROVE_MS - 1_000);
    expect(driver.take()).toEqual([]);
    driver.wait(1_000);
    expect(driver.take()).toEqual(["121:work 0"]);
    driver.wait(DRAIN_MS);
    expect(driver.take()).toEqual(["131:hangUp 1"]);
    expect(driver.state.working).toBe(0);
  });

  test("one that breaks while it proves itself starts its proof anew", () => {
    const driver = mining()
      .down(0)
      .alive(1)
      .wait(RETEST_MS)
      .alive(0)
      .wait(PROVE_MS - 2_000)
      .down(0);
    driver.take();
    driver.wait(PROVE_MS + RETEST_MS);
    expect(driver.take().filter((order) => order.includes("work"))).toEqual([]);
    expect(driver.state.working).toBe(1);
  });

  test("when both are lost nobody works, and whoever is back first does", () => {
    const driver = mining().down(0).alive(1).down(1);
    expect(driver.state.working).toBeNull();
    driver.wait(120_000).alive(1);
    expect(driver.state.working).toBe(1);
  });
});

test("a pool that refuses the user is passed over while there is another one", () => {
  const driver = new Driver(2).input({ kind: "tick" }).down(0, "unauthorised").alive(1);
  driver.take();
  driver.wait(SHUN_MS - 1_000);
  expect(driver.take().filter((order) => order.includes("dial 0"))).toEqual([]);
  expect(driver.state.pools[0]?.shunReason).toBe("it does not take this user");
  driver.wait(2_000);
  expect(driver.take()).toEqual(["600:dial 0"]);
});

test("a pool that takes no share is left; a single accepted one forgives", () => {
  const refuse = (driver: Driver, count: number): void => {
    for (let i = 0; i < count; i++) driver.wait(REFUSED_FOR_MS / REFUSED_IN_A_ROW + 1_000).share(0, false);
  };
  const driver = new Driver(2).input({ kind: "tick" }).alive(0);
  refuse(driver, REFUSED_IN_A_ROW - 1);
  driver.share(0, true);
  refuse(driver, REFUSED_IN_A_ROW - 1);
  expect(driver.state.working).toBe(0);
  driver.take();
  refuse(driver, 2);
  expect(driver.take().at(-1)).toMatch(/dial 1$/);
  driver.alive(1);
  // The other one is worse by order, but it may take shares.
  driver.wait(PROVE_MS);
  expect(driver.state.working).toBe(1);
  expect(driver.state.pools[0]?.shunReason).toMatch(/^it refused \d+ shares in a row and took none$/);
});

test("a pool that answers no share of a session is passed over at once; one that takes a share again is forgiven", () => {
  const driver = new Driver(2).input({ kind: "tick" }).alive(0).wait(31_000).down(0, "unanswered").alive(1);
  driver.take();
  driver.wait(SHUN_MS - 1_000);
  expect(driver.take().filter((order) => order.includes("dial 0"))).toEqual([]);
  expect(driver.state.pools[0]?.shunReason).toBe("it answered none of a session's shares");
  driver.wait(2_000).alive(0).share(0, true).wait(PROVE_MS);
  expect(driver.state).toMatchObject({ working: 0, pools: [{ shunReason: null }, {}] });
});

test("a pool that goes silent on shares and all else may be a broken link once, but not twice without a share taken", () => {
  const driver = new Driver(2).input({ kind: "tick" }).alive(0).wait(31_000).down(0, "mute").alive(1);
  expect(driver.state.pools[0]?.shunReason).toBeNull();
  driver.wait(RETEST_MS).alive(0).wait(PROVE_MS).share(0, true).down(0, "mute");
  expect(driver.state.pools[0]?.shunReason).toBeNull();
  driver.wait(RETEST_MS).alive(0).wait(PROVE_MS).down(0, "mute");
  expect(driver.state.pools[0]?.shunReason).not.toBeNull();
});

test("a pool that takes nothing and then closes the link is passed over no shorter for that", () => {
  const driver = new Driver(2).input({ kind: "tick" }).alive(0);
  for (let i = 0; i < REFUSED_IN_A_ROW; i++) driver.wait(4_000).share(0, false);
  const shunnedAtMs = driver.nowMs;
  expect(driver.state.pools[0]?.shunReason).not.toBeNull();
  driver.wait(1_000).down(0).alive(1);
  driver.take();
  driver.wait(shunnedAtMs + SHUN_MS - 1_000 - driver.nowMs);
  expect(driver.take()).toEqual([]);
  driver.wait(2_000);
  expect(driver.take()).toEqual([`${(shunnedAtMs + SHUN_MS) / 1000}:dial 0`]);
});

test("a pool alone is never given up", () => {
  const driver = new Driver(1).input({ kind: "tick" }).alive(0);
  for (let i = 0; i < 2 * REFUSED_IN_A_ROW; i++) driver.wait(5_000).share(0, false);
  expect(driver.state.working).toBe(0);
  driver.down(0, "unauthorised").wait(2_000);
  expect(driver.state.pools[0]?.isWanted).toBe(true);
});
